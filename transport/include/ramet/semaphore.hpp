// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Semaphores between processes.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/synchronizer.hpp>

#include <chrono>
#include <cstddef>
#include <limits>

namespace ramet {

namespace detail {

/// A semaphore without its type's bound.
class semaphore_base : public synchronizer<object_kind::semaphore> {
public:
  /// Takes a permit; waits until there is one.
  void acquire();
  /// False instead of waiting.
  bool try_acquire();
  /// False when there was none for so long.
  template <class Rep, class Period>
  bool try_acquire_for(std::chrono::duration<Rep, Period> time) {
    return acquire_until(deadline::in(time));
  }
  template <class Clock, class Duration>
  bool try_acquire_until(std::chrono::time_point<Clock, Duration> time) {
    return acquire_until(deadline::of(time));
  }
  /// Gives `count` permits, by any process. Does not wait.
  /// @throws error protocol when there would be more than max(), or `count` is
  ///   negative; none is given then
  void release(std::ptrdiff_t count = 1);
  /// How many permits there are just now. Another one may take them.
  std::size_t available() const;

protected:
  semaphore_base(std::ptrdiff_t desired, std::ptrdiff_t max);
  using synchronizer::synchronizer;
  std::ptrdiff_t bound() const;

private:
  bool acquire_until(deadline until);
};

} // namespace detail

/// A number of permits, as std::counting_semaphore, across processes.
///
/// @code
/// ramet::counting_semaphore places{3};       // or counting_semaphore<8>
/// void use(ramet::counting_semaphore<> places) {
///   places.acquire();
///   ...
///   places.release();
/// }
/// @endcode
///
/// When a process is killed, or ended by an exception, the permits that it had
/// acquired and not released come back, if it still had a handle. That is known
/// as long as each process releases what it has acquired itself. Once a process
/// has released more than that, as when a semaphore signals that something has
/// happened, or counts what is in a buffer, nobody knows any more who has what,
/// and no permits come back. What a process has acquired is forgotten when it
/// drops its last handle. Whoever waits and is killed is not noticed.
///
/// Handles are values, and travel in messages. Thread-safe. Costs no
/// descriptor, and no system call when nobody waits. Permits are not given in
/// any order.
template <std::ptrdiff_t LeastMaxValue =
              std::numeric_limits<std::ptrdiff_t>::max()>
class counting_semaphore : public detail::semaphore_base {
  static_assert(LeastMaxValue >= 0,
                "ramet: a semaphore has no negative number of permits");

public:
  /// @throws error protocol unless 0 <= desired <= max(), resource_exhausted,
  ///   os_failure
  explicit counting_semaphore(std::ptrdiff_t desired)
      : semaphore_base(desired, LeastMaxValue) {}

  /// To release more is an error.
  static constexpr std::ptrdiff_t max() noexcept { return LeastMaxValue; }

private:
  using semaphore_base::semaphore_base;
};

using binary_semaphore = counting_semaphore<1>;

/// A semaphore that never has more permits than at first, as Python's
/// BoundedSemaphore: to release one that nobody has acquired is an error. For
/// all else see counting_semaphore.
class bounded_semaphore : public detail::semaphore_base {
public:
  /// @throws error protocol if `desired` is negative, resource_exhausted,
  ///   os_failure
  explicit bounded_semaphore(std::ptrdiff_t desired)
      : semaphore_base(desired, desired) {}

  /// What it was made with.
  std::ptrdiff_t max() const { return bound(); }

private:
  using semaphore_base::semaphore_base;
};

} // namespace ramet
