// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Bars in groups, as a picture that browsers show.

#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace examples {

/// @code
/// bar_chart chart{.title = "start and join", .unit = "s"};
/// chart.groups.push_back({"primes", {{"spawn", 1.5}, {"thread", 1.2}}});
/// chart.save_svg("chart.svg");
/// @endcode
struct bar_chart {
  struct bar {
    std::string name;
    double value = 0; ///< not negative
  };
  struct group {
    std::string name;
    std::vector<bar> bars;
  };

  std::string title;
  std::string unit;
  std::vector<group> groups;

  /// Bars of one name have one color. All groups share one scale, which begins
  /// at 0. @throws std::runtime_error when the file cannot be written
  void save_svg(const std::filesystem::path& file) const;
};

} // namespace examples
