// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A flag between processes that threads can wait for.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/synchronizer.hpp>

#include <chrono>

namespace ramet {

/// As Python's Event: not set at first; whoever waits goes on when somebody
/// sets it, and from then on nobody waits, until it is cleared.
///
/// @code
/// ramet::event ready;
/// ramet::process p{serve, ready};  // calls ready.set()
/// if (!ready.wait_for(5s))
///   p.terminate();
/// @endcode
///
/// Setting it lets all go on that wait at that time, even if it is cleared at
/// once. If whoever sets it is killed, it is set or not, and if it is set, all
/// go on. Whoever waits and is killed is not noticed. Waiting says nothing
/// about the life of those who could set it: wait for a process, too, or for so
/// long.
///
/// Handles are values, and travel in messages. Thread-safe. Costs no
/// descriptor, and no system call when nobody waits.
class event : public detail::synchronizer<detail::object_kind::event> {
public:
  /// @throws error resource_exhausted, os_failure
  event();

  void set();
  void clear();
  bool is_set() const;

  /// Waits until it is set, or was while we waited.
  void wait() const;
  /// Whether it is set; does not wait.
  bool try_wait() const { return is_set(); }
  /// False when it was not set for so long.
  template <class Rep, class Period>
  bool wait_for(std::chrono::duration<Rep, Period> time) const {
    return wait_until(detail::deadline::in(time));
  }
  template <class Clock, class Duration>
  bool wait_until(std::chrono::time_point<Clock, Duration> time) const {
    return wait_until(detail::deadline::of(time));
  }

private:
  using synchronizer::synchronizer;
  bool wait_until(detail::deadline until) const;
};

} // namespace ramet
