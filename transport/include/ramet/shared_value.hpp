// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A value in memory that processes share.

#pragma once

#include <ramet/detail/shared_cells.hpp>

#include <atomic>
#include <type_traits>
#include <utility>

namespace ramet {

/// A value in shared memory, without a lock: for what is changed by atomic
/// operations only, or by one process, or guarded by a mutex of yours.
///
/// T is trivially copyable and holds no pointers. Otherwise as shared_value.
template <class T>
class raw_shared_value {
  static_assert(detail::check_cell<T>());

public:
  static constexpr bool is_ramet_handle = true;
  using value_type = T;

  /// @throws error resource_exhausted, os_failure
  explicit raw_shared_value(const T& value = T{})
      : cells_(
          detail::shared_cells::make(detail::type_id_of<T>(), sizeof(T), 1)) {
    unlocked() = value;
  }
  // Moving copies: a handle that was moved from is still one.
  raw_shared_value(const raw_shared_value&) = default;
  raw_shared_value& operator=(const raw_shared_value&) = default;

  /// The value itself, whoever else uses it.
  T& unlocked() const { return *reinterpret_cast<T*>(cells_.data()); }

  /// One step each, which nobody sees half done, and without a system call.
  T load() const requires detail::atomic_cell<T> { return whole().load(); }
  void store(T value) requires detail::atomic_cell<T> { whole().store(value); }
  /// Gives back what was there before.
  T exchange(T value) requires detail::atomic_cell<T> {
    return whole().exchange(value);
  }
  /// Stores `wanted` if `expected` is there; else tells what is.
  bool compare_exchange(T& expected, T wanted) requires detail::atomic_cell<T> {
    return whole().compare_exchange_strong(expected, wanted);
  }
  /// Gives back what was there before.
  T fetch_add(T more) requires detail::atomic_number<T> {
    return whole().fetch_add(more);
  }
  T fetch_sub(T less) requires detail::atomic_number<T> {
    return whole().fetch_sub(less);
  }

protected:
  friend struct detail::handle_access;
  explicit raw_shared_value(detail::object_ref ref)
      : cells_(detail::shared_cells::open(ref, detail::type_id_of<T>(),
                                          sizeof(T))) {}
  detail::object_ref ref() const { return cells_.ref(); }
  std::atomic_ref<T> whole() const { return std::atomic_ref<T>{unlocked()}; }

  detail::shared_cells cells_;
};

namespace detail {

/// The value, locked while this is there.
template <class T>
class locked_value : cells_lock {
public:
  using cells_lock::cells_lock;
  T& operator*() const { return *reinterpret_cast<T*>(cells_.data()); }
  T* operator->() const { return &**this; }
};

} // namespace detail

/// A value in shared memory, with a lock.
///
/// @code
/// void count(ramet::shared_value<int> total) {
///   ++*total.lock();              // locked for the expression
///   auto here = total.lock();     // until the end of the scope
///   *here = 2 * *here;
/// }
/// ramet::shared_value<int> total{0};
/// ramet::process p{count, total}; // a handle: the child has the same value
/// p.join();
/// int n = total.load();
/// @endcode
///
/// load(), store() and fetch_add() take no lock if the processor can do them in
/// one step (is_always_lock_free); they are not kept off by one that somebody
/// has. So change a value by these, or under the lock, but not now by this and
/// now by that. Values of other types have load(), store() and exchange() under
/// the lock.
///
/// When a process is killed that has the lock, the next to lock is told by
/// `error` with errc::owner_died, once, as with `mutex`; or takes the lock over
/// by try_recover(). The value is as the dead left it.
///
/// T is trivially copyable and holds no pointers: else it does not compile.
/// A handle: copies share the value; its memory is freed when the last of them
/// is gone, in all processes and in messages not yet read. Thread-safe.
template <class T>
class shared_value
    : public detail::lockable<raw_shared_value<T>, detail::locked_value<T>> {
  using raw = raw_shared_value<T>;
  using base = detail::lockable<raw, detail::locked_value<T>>;

public:
  static constexpr bool is_always_lock_free = detail::atomic_cell<T>;

  using base::base;

  T load() const {
    if constexpr (is_always_lock_free)
      return raw::load();
    else
      return *this->lock();
  }
  void store(const T& value) {
    if constexpr (is_always_lock_free)
      raw::store(value);
    else
      *this->lock() = value;
  }
  T exchange(const T& value) {
    if constexpr (is_always_lock_free)
      return raw::exchange(value);
    else
      return std::exchange(*this->lock(), value);
  }

private:
  friend struct detail::handle_access;
  explicit shared_value(detail::object_ref ref) : base(ref) {}
};

} // namespace ramet
