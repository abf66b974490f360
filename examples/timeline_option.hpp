// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The option --timeline of those examples that have a pool.

#pragma once

#include <ramet/pool.hpp>

#include <CLI/CLI.hpp>

#include <filesystem>
#include <string>

namespace examples {

/// Names a file, by whose ending its format is chosen: .svg, a drawing for any
/// browser, or .json, a trace for ui.perfetto.dev.
class timeline_option {
public:
  explicit timeline_option(CLI::App& app) {
    app.add_option("--timeline", file_,
                   "Write which worker did what when to FILE.svg (a drawing) "
                   "or FILE.json (a trace)")
        ->check([](const std::string& file) {
          auto ending = std::filesystem::path{file}.extension();
          return ending == ".svg" || ending == ".json"
                     ? std::string{}
                     : "it must end in .svg or .json: " + file;
        });
  }

  /// For pool_options::timeline.
  bool wanted() const { return !file_.empty(); }

  void save(const ramet::pool& pool) const {
    if (!wanted())
      return;
    auto timeline = pool.timeline();
    if (file_.extension() == ".svg")
      timeline.save_svg(file_);
    else
      timeline.save_trace(file_);
  }

private:
  std::filesystem::path file_;
};

} // namespace examples
