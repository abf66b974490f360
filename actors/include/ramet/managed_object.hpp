// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// An object of a user's class that many processes share.

#pragma once

#include <ramet/detail/object_proxy.hpp>

#include <utility>

namespace ramet {

class manager;

/// An object of any class, in a manager's process; made by manager::make.
///
/// @code
/// struct tally {
///   explicit tally(int start) : sum(start) {}
///   int add(int x) { return sum += x; }
///   int sum;
/// };
///
/// auto t = m.make<tally>(10);
/// t.call(&tally::add, 5);                                       // 15
/// t.call([](tally& t, int limit) { return t.sum > limit; }, 12);
/// ramet::future<int> later = t.async_call(&tally::add, 1);
/// @endcode
///
/// Calls of one object are made one after another, each whole; calls of
/// different objects at the same time. What is called is a member function, a
/// function, or a lambda without captures that takes the object by reference
/// first. Arguments and results travel, as those of a process do; the object
/// itself need not be able to.
///
/// A handle: copies share the object, also copies in other processes, in
/// messages and in managed containers. The object goes when the last handle
/// goes, or is lost with a process that is killed. (Objects that hold handles
/// to each other in a circle keep each other, until their manager ends.)
///
/// A function that throws makes the caller's task_failure, with type, message
/// and backtrace of what was thrown; the object stays as it was left. All
/// members but the asynchronous ones wait for the answer. They throw `error`
/// with errc::closed when the manager has ended, or ends before it has
/// answered, so that the call may have been made; of the asynchronous ones, the
/// future does. Thread-safe.
template <class T>
class managed_object : public detail::object_proxy<T> {
public:
  using value_type = T;

  /// Of no object: using or sending it throws `closed`.
  managed_object() = default;

  /// Waits for the result. @throws task_failure; error protocol when called
  ///   within a call of the same object, which would wait for itself
  template <class F, class... Args>
  auto call(F&& f, Args&&... args) const {
    return this->run_whole(std::forward<F>(f), std::forward<Args>(args)...);
  }
  /// Does not wait: returns the future of the result.
  template <class F, class... Args>
  auto async_call(F&& f, Args&&... args) const {
    return this->start_whole(std::forward<F>(f), std::forward<Args>(args)...);
  }

private:
  friend manager;
  friend struct detail::handle_access;
  using detail::object_proxy<T>::object_proxy;
};

} // namespace ramet
