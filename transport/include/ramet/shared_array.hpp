// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Values side by side in memory that processes share.

#pragma once

#include <ramet/detail/shared_cells.hpp>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <ranges>
#include <span>
#include <type_traits>

namespace ramet {

/// An array in shared memory, without a lock: for processes that each have a
/// part of it to themselves, or use atomic operations only.
///
/// T is trivially copyable and holds no pointers. Otherwise as shared_array.
template <class T>
class raw_shared_array {
  static_assert(detail::check_cell<T>());

public:
  static constexpr bool is_ramet_handle = true;
  using value_type = T;

  /// So many of T{}. @throws error resource_exhausted, os_failure
  explicit raw_shared_array(std::size_t size)
      : cells_(detail::shared_cells::make(detail::type_id_of<T>(), sizeof(T),
                                          size)) {
    if constexpr (!std::is_trivially_default_constructible_v<T>)
      std::ranges::fill(unlocked(), T{}); // the others are zero already
  }
  /// @throws error resource_exhausted, os_failure
  raw_shared_array(std::initializer_list<T> values)
      : raw_shared_array(std::span<const T>{values.begin(), values.size()}) {}
  template <std::ranges::sized_range Values>
  requires std::convertible_to<std::ranges::range_reference_t<Values>, T>
  explicit raw_shared_array(const Values& values)
      : cells_(detail::shared_cells::make(detail::type_id_of<T>(), sizeof(T),
                                          std::ranges::size(values))) {
    std::ranges::copy(values, unlocked().begin());
  }
  // Moving copies: a handle that was moved from is still one.
  raw_shared_array(const raw_shared_array&) = default;
  raw_shared_array& operator=(const raw_shared_array&) = default;

  std::size_t size() const { return cells_.count(); }

  /// The values themselves, whoever else uses them. Valid while a handle is
  /// here.
  std::span<T> unlocked() const {
    return {reinterpret_cast<T*>(cells_.data()), size()};
  }

  /// One step each, which nobody sees half done, and without a system call.
  /// `index` must be less than size().
  T load(std::size_t index) const requires detail::atomic_cell<T> {
    return at(index).load();
  }
  void store(std::size_t index, T value) requires detail::atomic_cell<T> {
    at(index).store(value);
  }
  /// Gives back what was there before.
  T fetch_add(std::size_t index, T more) requires detail::atomic_number<T> {
    return at(index).fetch_add(more);
  }

protected:
  friend struct detail::handle_access;
  explicit raw_shared_array(detail::object_ref ref)
      : cells_(detail::shared_cells::open(ref, detail::type_id_of<T>(),
                                          sizeof(T))) {}
  detail::object_ref ref() const { return cells_.ref(); }

  detail::shared_cells cells_;

private:
  std::atomic_ref<T> at(std::size_t index) const {
    return std::atomic_ref<T>{unlocked()[index]};
  }
};

namespace detail {

/// The values, locked while this is there: a contiguous range.
template <class T>
class locked_array : cells_lock {
public:
  using cells_lock::cells_lock;
  T* begin() const { return data(); }
  T* end() const { return data() + size(); }
  T* data() const { return reinterpret_cast<T*>(cells_.data()); }
  std::size_t size() const { return cells_.count(); }
  T& operator[](std::size_t index) const { return data()[index]; }
};

} // namespace detail

/// An array in shared memory, with one lock for all of it. Its size stays.
///
/// @code
/// void update(ramet::shared_array<double> all) {
///   for (double& x : all.lock())   // locked for the loop
///     x += 1;
/// }
/// ramet::shared_array<double> all(3);
/// ramet::process p{update, all};   // a handle: the child has the same array
/// p.join();
/// double first = all.unlocked()[0];
/// @endcode
///
/// load(), store() and fetch_add() of one element take no lock, and are not
/// kept off by one that somebody has; they are there if the processor can do
/// them in one step.
///
/// When a process is killed that has the lock, the next to lock is told by
/// `error` with errc::owner_died, once, as with `mutex`; or takes the lock over
/// by try_recover(). The values are as the dead left them.
///
/// T is trivially copyable and holds no pointers: else it does not compile.
/// A handle: copies share the values; their memory is freed when the last of
/// them is gone, in all processes and in messages not yet read. Thread-safe.
template <class T>
class shared_array
    : public detail::lockable<raw_shared_array<T>, detail::locked_array<T>> {
  using base = detail::lockable<raw_shared_array<T>, detail::locked_array<T>>;

public:
  using base::base;

private:
  friend struct detail::handle_access;
  explicit shared_array(detail::object_ref ref) : base(ref) {}
};

} // namespace ramet
