// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A count between processes that goes down to zero once.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/synchronizer.hpp>

#include <chrono>
#include <cstddef>
#include <limits>

namespace ramet {

/// As std::latch, across processes.
///
/// @code
/// ramet::latch done{4};
/// for (int i = 0; i < 4; ++i)
///   ramet::process{work, i, done}; // each calls done.count_down()
/// done.wait();
/// @endcode
///
/// Who is to count down, it does not know: when a process is killed before it
/// does, the others wait on. Wait for so long, or for the processes, too
/// (or see barrier, which breaks). One that is killed while it waits is not
/// noticed.
///
/// Handles are values, and travel in messages. Thread-safe. Costs no
/// descriptor, and no system call when nobody waits.
class latch : public detail::synchronizer<detail::object_kind::latch> {
public:
  /// @throws error protocol if `expected` is negative, resource_exhausted,
  ///   os_failure
  explicit latch(std::ptrdiff_t expected);

  static constexpr std::ptrdiff_t max() noexcept {
    return std::numeric_limits<std::ptrdiff_t>::max();
  }

  /// Does not wait. @throws error protocol when it would go below zero; it
  ///   stays as it is then
  void count_down(std::ptrdiff_t count = 1);

  /// Waits until it is zero.
  void wait() const;
  /// Whether it is zero; does not wait.
  bool try_wait() const;
  /// False when it was not zero for so long.
  template <class Rep, class Period>
  bool wait_for(std::chrono::duration<Rep, Period> time) const {
    return wait_until(detail::deadline::in(time));
  }
  template <class Clock, class Duration>
  bool wait_until(std::chrono::time_point<Clock, Duration> time) const {
    return wait_until(detail::deadline::of(time));
  }
  /// @throws as count_down
  void arrive_and_wait(std::ptrdiff_t count = 1);

private:
  using synchronizer::synchronizer;
  bool wait_until(detail::deadline until) const;
};

} // namespace ramet
