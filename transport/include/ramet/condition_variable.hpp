// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Waiting, with a mutex, until another process says that something changed.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/synchronizer.hpp>

#include <chrono>
#include <condition_variable> // std::cv_status
#include <cstddef>
#include <cstdint>
#include <mutex> // std::unique_lock and friends, for users

namespace ramet {

/// As std::condition_variable_any, across processes: with any of our mutexes,
/// or a std::unique_lock or std::shared_lock of it.
///
/// @code
/// std::unique_lock lock{mutex};
/// changed.wait(lock, [&] { return value.load() > 0; });
///
/// value.fetch_add(1); // by another process, that holds the mutex
/// changed.notify_one();
/// @endcode
///
/// Those who wait may wake though nobody has notified them, as with std's; all
/// do whenever a process ends that has a handle. So no notification is lost
/// with one who was killed when it came, if you wait for something to be true.
/// A recursive_mutex must be locked once.
///
/// When a process is killed that holds the mutex, whoever takes the mutex again
/// at the end of waiting is told: the wait throws `owner_died`, and the mutex
/// is not held then.
///
/// Handles are values, and travel in messages. Thread-safe. Costs no
/// descriptor, and no system call when nobody waits.
class condition_variable
    : public detail::synchronizer<detail::object_kind::condition_variable> {
public:
  /// @throws error resource_exhausted, os_failure
  condition_variable();

  /// Unlocks, waits for a notification, and locks again.
  /// @throws error protocol when the lock is not held; what locking throws
  template <class Lock>
  void wait(Lock& lock) {
    sleep_unlocked(lock, detail::deadline::never());
  }
  /// Waits until `done()`, which is called while the lock is held.
  template <class Lock, class Predicate>
  void wait(Lock& lock, Predicate done) {
    while (!done())
      wait(lock);
  }
  template <class Lock, class Rep, class Period>
  std::cv_status wait_for(Lock& lock, std::chrono::duration<Rep, Period> time) {
    return status_of(sleep_unlocked(lock, detail::deadline::in(time)));
  }
  /// The last `done()`: false when it was not so for so long.
  template <class Lock, class Rep, class Period, class Predicate>
  bool wait_for(Lock& lock, std::chrono::duration<Rep, Period> time,
                Predicate done) {
    return sleep_until_done(lock, detail::deadline::in(time), done);
  }
  template <class Lock, class Clock, class Duration>
  std::cv_status wait_until(Lock& lock,
                            std::chrono::time_point<Clock, Duration> time) {
    return status_of(sleep_unlocked(lock, detail::deadline::of(time)));
  }
  template <class Lock, class Clock, class Duration, class Predicate>
  bool wait_until(Lock& lock, std::chrono::time_point<Clock, Duration> time,
                  Predicate done) {
    return sleep_until_done(lock, detail::deadline::of(time), done);
  }

  /// Lets one go on of those that wait. The caller need not hold the mutex, but
  /// must have held it when it changed what they wait for.
  void notify_one() { notify_n(1); }
  /// Lets so many go on, or all if they are fewer.
  void notify_n(std::size_t count);
  void notify_all();

private:
  using synchronizer::synchronizer;

  /// When somebody came to wait, in terms of notifications.
  struct arrival {
    std::uint64_t era;
    std::uint64_t permitted;
  };
  arrival enter();
  /// False: timed out.
  bool sleep(const arrival& since, detail::deadline until);
  void give_up(const arrival& since) noexcept;

  template <class Lock>
  bool sleep_unlocked(Lock& lock, detail::deadline until) {
    auto since = enter();
    try {
      lock.unlock();
    } catch (...) {
      give_up(since);
      throw;
    }
    bool notified = sleep(since, until);
    lock.lock();
    return notified;
  }

  template <class Lock, class Predicate>
  bool sleep_until_done(Lock& lock, detail::deadline until, Predicate& done) {
    while (!done())
      if (!sleep_unlocked(lock, until))
        return done();
    return true;
  }

  static std::cv_status status_of(bool notified) {
    return notified ? std::cv_status::no_timeout : std::cv_status::timeout;
  }
};

} // namespace ramet
