// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Values side by side in memory that processes share, with a mutex.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/serializable.hpp>
#include <ramet/detail/type_id.hpp>
#include <ramet/mutex.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <type_traits>

namespace ramet::detail {

/// Where the memory begins, every type that is allowed is aligned.
inline constexpr std::size_t cell_alignment = 64;

/// Fails to compile, with the one line that helps, for what cannot lie in
/// shared memory.
template <class T>
consteval bool check_cell() {
  static_assert(!std::is_reference_v<T> && !std::is_const_v<T>,
                "ramet: shared memory holds values that can be changed, no "
                "references and no constants");
  static_assert(std::is_trivially_copyable_v<T>,
                "ramet: only what can be copied byte by byte can lie in shared "
                "memory, no strings, containers or handles: use an array of "
                "fixed size, or a manager");
  if constexpr (std::is_trivially_copyable_v<T>)
    static_assert(obstacle_in<T>::why != obstacle::pointer,
                  "ramet: a pointer means nothing in another process: share "
                  "the value that it points to, or a position");
  static_assert(alignof(T) <= cell_alignment,
                "ramet: values in shared memory are aligned to 64 bytes at "
                "most");
  return true;
}

/// A handle of the memory. Copies share it; it is freed when the last handle is
/// gone, in all processes and in messages not yet read. Thread-safe.
class shared_cells {
public:
  /// Zeroed. @throws error resource_exhausted, os_failure
  static shared_cells make(const type_info& type, std::size_t size,
                           std::size_t count);
  /// @throws error type_mismatch, closed, protocol
  static shared_cells open(object_ref ref, const type_info& type,
                           std::size_t size);

  std::byte* data() const { return data_; }
  std::size_t count() const { return count_; }
  object_ref ref() const;
  /// The one that belongs to it, which goes with it.
  ramet::mutex& mutex() { return mutex_; }
  ramet::mutex mutex() const { return mutex_; }

private:
  shared_cells(const std::shared_ptr<object>& memory, std::byte* data,
               std::size_t count);

  ramet::mutex mutex_;
  std::byte* data_;
  std::size_t count_;
};

/// Has the mutex of shared memory locked, and keeps the memory. Belongs to one
/// thread, and stays where it is.
class cells_lock {
public:
  explicit cells_lock(const shared_cells& cells) : cells_(cells) {
    cells_.mutex().lock();
  }
  cells_lock(const shared_cells& cells, std::adopt_lock_t) : cells_(cells) {}
  cells_lock(const cells_lock&) = delete;
  cells_lock& operator=(const cells_lock&) = delete;

protected:
  ~cells_lock() { cells_.mutex().unlock(); }

  shared_cells cells_;
};

/// Adds the lock to a handle without one. A Locked is a cells_lock that shows
/// what it has locked.
template <class Raw, class Locked>
class lockable : public Raw {
public:
  using locked = Locked;

  using Raw::Raw;

  /// Waits for the lock. What it returns has it, and is for one thread.
  /// @throws error owner_died if its owner was killed and nobody was told yet,
  ///   protocol if this thread has it
  locked lock() const { return locked{this->cells_}; }
  /// Nothing instead of waiting. @throws as lock
  std::optional<locked> try_lock() const { return when(mutex().try_lock()); }
  /// Nothing when it was not free for so long. @throws as lock
  template <class Rep, class Period>
  std::optional<locked>
  try_lock_for(std::chrono::duration<Rep, Period> time) const {
    return when(mutex().try_lock_for(time));
  }
  template <class Clock, class Duration>
  std::optional<locked>
  try_lock_until(std::chrono::time_point<Clock, Duration> time) const {
    return when(mutex().try_lock_until(time));
  }
  /// The lock, if a process was killed that had it and nobody was told yet;
  /// else nothing. Does not wait.
  std::optional<locked> try_recover() const {
    return when(mutex().try_recover());
  }
  /// The lock itself, as a handle, to be taken in other ways.
  ramet::mutex mutex() const { return this->cells_.mutex(); }

private:
  std::optional<locked> when(bool held) const {
    if (!held)
      return std::nullopt;
    return std::optional<locked>{std::in_place, this->cells_, std::adopt_lock};
  }
};

/// What the processor reads and writes in one step.
template <class T>
concept atomic_cell =
    std::is_trivially_copyable_v<T> && std::atomic_ref<T>::is_always_lock_free;

/// What it adds to in one step.
template <class T>
concept atomic_number =
    atomic_cell<T> && std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

} // namespace ramet::detail
