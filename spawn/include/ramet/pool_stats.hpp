// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a pool tells of its workers.

#pragma once

#include <ramet/exit_status.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ramet {

/// One worker's place, with all who had it, one after another.
struct worker_stats {
  std::string name;
  int pid = 0;          ///< 0: nobody is there now
  bool working = false; ///< has a task in hand
  std::uint64_t tasks = 0;
  std::chrono::nanoseconds busy{0}; ///< spent on these
  std::size_t restarts = 0;
  std::optional<exit_status> last_end; ///< of the one before, if there was one
  std::size_t memory = 0;              ///< bytes resident, shared ones included
};

/// A pool at one moment.
struct pool_stats {
  std::vector<worker_stats> workers;
  std::size_t pending = 0; ///< tasks of which nothing has come yet
  std::uint64_t submitted = 0;
  std::uint64_t completed = 0; ///< came to a value or a failure
  /// Of these, a failure. Inputs of a map or imap that threw count for none:
  /// their task came to a value that says so.
  std::uint64_t failed = 0;
  std::uint64_t retried = 0;
};

} // namespace ramet
