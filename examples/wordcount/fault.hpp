// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A death in the midst of work, to see that the example wordcount gets over
/// it.

#pragma once

#include "progress_line.hpp"

#include <ramet/exit_status.hpp>
#include <ramet/pool.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include <csignal>

namespace examples {

/// Kills one worker of a pool, once, and tells of it.
class fault {
public:
  fault(const ramet::pool& pool, progress_line& line)
      : pool_(pool), line_(line) {}

  /// Kills one that has a task in hand, if there is one now. Later calls look
  /// whether another is there.
  void strike() {
    auto workers = pool_.stats().workers;
    if (victim_) {
      tell_of_another(workers[*victim_]);
      return;
    }
    auto found = std::ranges::find_if(workers, &ramet::worker_stats::working);
    if (found == workers.end())
      return;
    victim_ = static_cast<std::size_t>(found - workers.begin());
    pid_ = found->pid;
    line_.note(fmt::format("killing {}, pid {}, at its work", name(), pid_));
    ::kill(pid_, SIGKILL);
  }

  bool has_struck() const { return victim_.has_value(); }

private:
  std::string name() const { return fmt::format("worker-{}", *victim_ + 1); }

  void tell_of_another(const ramet::worker_stats& place) {
    if (told_ || place.restarts == 0)
      return;
    told_ = true;
    line_.note(fmt::format("{} (pid {}) {}; another takes its place", name(),
                           pid_, to_string(*place.last_end)));
  }

  const ramet::pool& pool_;
  progress_line& line_;
  std::optional<std::size_t> victim_; ///< its place
  int pid_ = 0;
  bool told_ = false;
};

} // namespace examples
