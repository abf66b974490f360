// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A value that many processes share.

#pragma once

#include <ramet/detail/object_proxy.hpp>

#include <utility>

namespace ramet {

class manager;

/// A value in a manager's process; made by manager::value.
///
/// @code
/// auto best = m.value<std::string>("none");
/// best.set("Bob");
/// best.update([](std::string& s, int n) { s += std::to_string(n); }, 7);
/// @endcode
///
/// A handle, as managed_object is; waiting and errors are as there.
/// Thread-safe.
template <class T>
class managed_value : public detail::object_proxy<T> {
public:
  using value_type = T;

  managed_value() = default;

  /// A copy, const if it is of a class: changing it would change nothing here.
  detail::read_only<T> get() const {
    return this->run_whole([](const T& x) { return x; });
  }
  /// Whatever it was.
  void set(const T& value) const {
    this->run_whole([](T& x, T value) { x = std::move(value); }, value);
  }
  /// Sets it, and returns what it was.
  T exchange(const T& value) const {
    return this->run_whole(
        [](T& x, T value) { return std::exchange(x, std::move(value)); },
        value);
  }

  /// Calls `fn(T&, args...)` there, in one step for all others, and returns its
  /// result. @throws task_failure
  template <class F, class... Args>
  auto update(F&& fn, Args&&... args) const {
    return this->run_whole(std::forward<F>(fn), std::forward<Args>(args)...);
  }
  /// Does not wait: returns the future of the result.
  template <class F, class... Args>
  auto async_update(F&& fn, Args&&... args) const {
    return this->start_whole(std::forward<F>(fn), std::forward<Args>(args)...);
  }

private:
  friend manager;
  friend struct detail::handle_access;
  using detail::object_proxy<T>::object_proxy;
};

} // namespace ramet
