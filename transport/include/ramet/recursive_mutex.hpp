// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A mutex between processes that its owner may lock again.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/synchronizer.hpp>

#include <chrono>
#include <mutex> // std::scoped_lock and friends, for users

namespace ramet {

/// A `ramet::mutex` that the thread that holds it may lock again, as
/// std::recursive_timed_mutex. It is free when it was unlocked as often.
///
/// @code
/// void add(ramet::recursive_mutex lock, int n) {
///   std::scoped_lock guard{lock};
///   if (n > 0)
///     add(lock, n - 1); // not a deadlock
/// }
/// @endcode
///
/// A process that is killed holding it is told of as by `ramet::mutex`:
/// `owner_died`, once. Handles are values, and travel in messages. Thread-safe.
/// Costs no descriptor, and no system call when nobody else has it.
class recursive_mutex
    : public detail::synchronizer<detail::object_kind::mutex> {
public:
  /// @throws error resource_exhausted, os_failure
  recursive_mutex();

  /// Waits until it is ours, or takes it once more if it is.
  /// @throws error owner_died: its owner was killed; it is not held then
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
  /// and returns true; it is held then, once. Else false. Does not wait.
  bool try_recover();

private:
  using synchronizer::synchronizer;
  bool lock_until(detail::deadline until);
};

/// Every recursive mutex can wait for so long.
using recursive_timed_mutex = recursive_mutex;

} // namespace ramet
