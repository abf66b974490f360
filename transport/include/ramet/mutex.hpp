// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A mutex between processes.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/synchronizer.hpp>

#include <chrono>
#include <mutex> // std::scoped_lock and friends, for users

namespace ramet {

/// Meets the requirements of TimedLockable, across processes.
///
/// @code
/// ramet::mutex out;                       // handles are values: a copy, also
/// ramet::process p{whoami, "child", out}; // in a child, is the same mutex
/// std::scoped_lock guard{out};
/// @endcode
///
/// When a process is killed holding it, nobody hangs: the next lock, try_lock
/// or timed lock throws `owner_died`, once, without holding it; what it guards
/// may be half changed. From then on it is an ordinary, unlocked mutex again.
/// `try_recover` takes it over instead, without an exception.
///
/// Thread-safe. Costs no descriptor, and no system call when nobody else has
/// it. Belongs to the thread that locked it, and stays locked when that drops
/// its last handle.
class mutex : public detail::synchronizer<detail::object_kind::mutex> {
public:
  /// @throws error resource_exhausted, os_failure
  mutex();

  /// Waits until it is ours.
  /// @throws error owner_died (see above), protocol if this thread has it
  ///   already
  void lock();
  /// False instead of waiting. @throws as lock
  bool try_lock();
  /// False when it was not free for so long. @throws as lock
  template <class Rep, class Period>
  bool try_lock_for(std::chrono::duration<Rep, Period> time) {
    return lock_until(detail::deadline::in(time));
  }
  template <class Clock, class Duration>
  bool try_lock_until(std::chrono::time_point<Clock, Duration> time) {
    return lock_until(detail::deadline::of(time));
  }
  /// @throws error protocol when this thread does not hold it
  void unlock();

  /// If its owner was killed holding it and nobody was told yet, takes it over
  /// and returns true; it is held then. Else false. Does not wait.
  bool try_recover();

private:
  using synchronizer::synchronizer;
  bool lock_until(detail::deadline until);
};

/// Every mutex can wait for so long.
using timed_mutex = mutex;

} // namespace ramet
