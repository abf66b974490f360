// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The worker processes of a pool: started, replaced, counted.

#pragma once

#include "board.hpp"
#include "child.hpp"

#include <ramet/detail/mailbox.hpp>
#include <ramet/pool_options.hpp>
#include <ramet/pool_stats.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ramet::detail {

/// Longer than that nobody takes a task, but for one whose arguments hang when
/// they are decoded.
inline constexpr std::chrono::milliseconds longest_taking{100};

/// Whoever had one place, one after another. Thread-safe.
class crew {
public:
  using clock = std::chrono::steady_clock;

  /// What a worker that has ended leaves behind.
  struct departed {
    std::size_t index = 0; ///< of its place
    std::string name;
    int pid = 0;
    exit_status status;
    std::uint64_t claim = 0; ///< 0: it had no task
    std::uint64_t ticket = 0;
    clock::time_point since; ///< when it began that
    std::uint64_t taken = 0; ///< messages taken, as counted after its death
    bool claimed_elsewhere = false; ///< so it was killed before it had it
  };

  /// Starts nobody yet. All options are set.
  crew(const pool_options& options, mailbox tasks, mailbox outcomes);
  /// `ended` is called with a worker's index when it has ended: by any thread,
  /// quickly. Before the first fill().
  void when_ended(std::function<void(std::size_t)> ended);

  /// How many there shall be.
  std::size_t target() const;
  void set_target(std::size_t count);

  /// Starts what is missing, as far as it may by now.
  /// @throws error resource_exhausted, os_failure, and what else starting a
  ///   process throws; those that were started stay
  void fill();
  /// When fill() is to be called again; never: there is nothing to start.
  deadline next_start() const;

  /// Worker `index` has ended. Nothing if that was dealt with already.
  std::optional<departed> bury(std::size_t index);
  /// Why there will be no workers; null while there may.
  std::exception_ptr broken() const;
  void note_start_failure(std::exception_ptr why);

  /// Whether workers are threads of this process, so that none can be ended
  /// while it runs a task.
  bool of_threads() const;
  /// Kills whoever runs `ticket`, if somebody does; nobody else. True if so.
  bool kill_runner(std::uint64_t ticket);
  /// The first message in the tasks' mailbox, which has this number, is not to
  /// be taken by anybody: it kills who decodes it, or hangs. Those who do so
  /// already are not kept from it.
  void refuse(std::uint64_t number);
  /// Calls `each(ticket, since)` of all tasks that run now.
  void for_each_running(
      const std::function<void(std::uint64_t, clock::time_point)>& each);

  std::vector<worker_stats> stats() const;
  std::string name_of(std::size_t index) const;

  /// SIGTERM to all. Threads leave when they have done what they have in hand.
  void terminate() noexcept;
  void kill() noexcept; ///< SIGKILL to all; nothing if they are threads
  /// Waits until all have ended. False: the time is over.
  bool join(deadline until);
  /// Nobody is replaced any more.
  void stop_replacing();

private:
  struct member {
    std::shared_ptr<child> process; // null: nobody is there
    std::size_t started = 0;
    std::optional<exit_status> last_end;
  };

  void with_takers_stopped(predicate what); // before guard_, if both
  std::optional<departed> bury_stopped(std::size_t index); // needs guard_
  void start(std::size_t index);                           // needs guard_
  std::size_t living() const;                              // needs guard_
  bool somebody_is_ready() const;

  const pool_options options_;
  mailbox tasks_;
  mailbox outcomes_;
  board board_;
  std::function<void(std::size_t)> ended_;

  mutable std::mutex guard_; // of all below
  std::vector<member> members_;
  std::size_t target_ = 0;
  bool replacing_ = true;
  std::size_t failed_starts_ = 0; // in a row
  clock::time_point not_before_{};
  std::exception_ptr broken_;
};

} // namespace ramet::detail
