// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A pool as its templates see it: calls without their types.

#pragma once

#include <ramet/detail/code_address.hpp>
#include <ramet/detail/mailbox.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/pool_task.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>

namespace ramet {

struct pool_options;

} // namespace ramet

namespace ramet::detail {

/// What the caller may ask of each of his tasks.
struct task_rules {
  std::chrono::nanoseconds timeout{0}; ///< 0: none
  unsigned retries = 0;
};

/// Who gets what comes of some tasks. Each of them is a part of it.
///
/// Of every part that was submitted comes first a value or a failure, then it
/// is settled; unless it was cancelled.
class task_sink {
public:
  task_sink() = default;
  task_sink(const task_sink&) = delete;
  task_sink& operator=(const task_sink&) = delete;
  virtual ~task_sink() = default;

  /// Keeps the value; what this throws is kept as the failure. Under the lock
  /// of the outcomes: must not wait for anything.
  virtual void take_value(std::uint64_t part, const incoming& value) = 0;
  virtual void take_failure(std::uint64_t part,
                            std::exception_ptr why) noexcept = 0;
  /// Before the failure of a part that the user has given up with its pool:
  /// nobody need look at it.
  virtual void given_up() noexcept = 0;
  /// What was kept is to be made known. By any thread, without locks.
  virtual void settled(std::uint64_t part) noexcept = 0;

  /// The part has this ticket from now on: when it is submitted, and again at
  /// each retry. Quick.
  virtual void numbered(std::uint64_t part, std::uint64_t ticket) noexcept = 0;
  /// Encodes the part once more, for a retry.
  virtual void encode_again(std::uint64_t part, const outgoing_user& use) = 0;

private:
  friend class pool_core;
  std::atomic<int> waiting_{0}; // threads that sleep until it is settled
};

/// Not a handle: one object a pool. Thread-safe.
class pool_core;

/// How the templates reach it.
class pool_link {
public:
  pool_link() = default;
  static pool_link make(const pool_options& options);

  explicit operator bool() const { return core_ != nullptr; }

  /// Puts a task where the workers find it; `entry` is a task_entry.
  /// @throws error closed, resource_exhausted, and what encoding throws; then
  ///   nothing was submitted
  void submit(const code_address& entry, const outgoing& arguments,
              std::shared_ptr<task_sink> sink, std::uint64_t part,
              const task_rules& rules) const;
  /// Nothing comes of it any more. It is not begun if it has not been; if it
  /// runs, its worker is killed. Nothing happens if its outcome is known.
  void cancel(std::uint64_t ticket) const;

  /// Receives outcomes until `done()` or the time is over, or sleeps until
  /// others have. True when done. `sink` says whose settling ends the wait.
  bool drive(task_sink& sink, predicate done, deadline until) const;
  /// From now on outcomes are received though no caller waits; until the same
  /// is called with false.
  void keep_receiving(bool wanted) const;

  std::size_t workers() const;
  pool_core& core() const { return *core_; }

private:
  explicit pool_link(std::shared_ptr<pool_core> core)
      : core_(std::move(core)) {}

  std::shared_ptr<pool_core> core_;
};

} // namespace ramet::detail
