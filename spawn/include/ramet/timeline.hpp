// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Which worker ran which task when.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ramet {

/// The tasks of a pool over time, as far as their outcomes were received. An
/// attempt that was lost with its worker is there as failed, whether the task
/// was tried again or not; a task that was cancelled is not. A value.
///
/// @code
/// ramet::pool pool{{.workers = 4, .timeline = true}};
/// pool.map(slow, xs);
/// pool.timeline().save_svg("timeline.svg");    // for a browser
/// pool.timeline().save_trace("trace.json");    // for ui.perfetto.dev
/// @endcode
struct timeline {
  struct span {
    std::uint64_t task = 0;   ///< the pool's first is 1
    std::uint32_t worker = 0; ///< index in `workers`
    bool failed = false;      ///< not when only inputs of a map or imap threw
    std::chrono::nanoseconds begin{0}; ///< since the pool was made
    std::chrono::nanoseconds end{0};
  };

  std::string name;                 ///< of the pool
  std::vector<std::string> workers; ///< their names
  std::vector<span> spans;          ///< as one after another was heard of

  /// A drawing: a row for each worker, a bar for each task, those that failed
  /// in red. @throws error os_failure when the file cannot be written
  void save_svg(const std::filesystem::path& file) const;
  /// The JSON format of Chrome's about:tracing, which Perfetto reads, too.
  /// @throws error os_failure when the file cannot be written
  void save_trace(const std::filesystem::path& file) const;
};

} // namespace ramet
