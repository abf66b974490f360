// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A mutex between processes that many may hold to read, or one to write.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/synchronizer.hpp>

#include <chrono>
#include <mutex>        // std::unique_lock and friends, for users
#include <shared_mutex> // std::shared_lock

namespace ramet {

/// Meets the requirements of SharedTimedLockable, across processes.
///
/// @code
/// ramet::shared_mutex lock;
/// std::shared_lock reading{lock}; // with other readers
/// std::unique_lock writing{lock}; // alone
/// @endcode
///
/// Who waits to write goes before readers that come later. Readers that do not
/// meet a writer are not in each other's way.
///
/// When a process is killed that reads, it reads no more, and nobody notices.
/// When one is killed that writes, the next who locks, to write or to read,
/// throws `owner_died`, once, without holding it: what it guards may be half
/// changed. `try_recover` takes it over instead, without an exception.
///
/// Handles are values, and travel in messages. Thread-safe. Costs no
/// descriptor, and no system call when nobody is in the way. A thread must not
/// lock it to write while it reads: it would wait for itself. What a process
/// holds to read without having a handle any more, counts as not held.
class shared_mutex
    : public detail::synchronizer<detail::object_kind::shared_mutex> {
public:
  /// @throws error resource_exhausted, os_failure
  shared_mutex();

  /// Waits until it is ours alone.
  /// @throws error owner_died (see above), protocol if this thread has it alone
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
  /// @throws error protocol when this thread does not hold it alone
  void unlock();

  /// Waits until nobody writes, and is about to.
  /// @throws error owner_died (see above), protocol if this thread has it
  ///   alone, resource_exhausted
  void lock_shared();
  /// False instead of waiting. @throws as lock_shared
  bool try_lock_shared();
  /// False when somebody wrote for so long. @throws as lock_shared
  template <class Rep, class Period>
  bool try_lock_shared_for(std::chrono::duration<Rep, Period> time) {
    return lock_shared_until(detail::deadline::in(time));
  }
  template <class Clock, class Duration>
  bool try_lock_shared_until(std::chrono::time_point<Clock, Duration> time) {
    return lock_shared_until(detail::deadline::of(time));
  }
  /// @throws error protocol when no thread of this process holds it to read
  void unlock_shared();

  /// If a process was killed that wrote, and nobody was told yet, takes it over
  /// and returns true; it is held alone then. Else false. Does not wait.
  bool try_recover();

private:
  using synchronizer::synchronizer;
  bool lock_until(detail::deadline until);
  bool lock_shared_until(detail::deadline until);
};

/// Every shared mutex can wait for so long.
using shared_timed_mutex = shared_mutex;

} // namespace ramet
