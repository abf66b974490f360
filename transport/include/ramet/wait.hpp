// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Waiting for the first of several things.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/waitable.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <ranges>
#include <span>
#include <vector>

namespace ramet {

/// Which of the things that were waited for are ready, by their place in the
/// call, counted from 0.
class ready_set {
public:
  ready_set(std::vector<std::size_t> ready, std::vector<const void*> things)
      : ready_(std::move(ready)), things_(std::move(things)) {}

  /// True when nothing is: the time ran out.
  bool empty() const { return ready_.empty(); }
  explicit operator bool() const { return !empty(); }
  std::size_t size() const { return ready_.size(); }
  /// Their places, ascending.
  auto begin() const { return ready_.begin(); }
  auto end() const { return ready_.end(); }

  /// Is the thing at that place ready?
  bool operator[](std::size_t place) const {
    return std::ranges::binary_search(ready_, place);
  }
  /// Is that very thing (the object given to wait, not a copy) ready?
  template <class T>
  bool contains(const T& thing) const {
    return std::ranges::any_of(
        ready_, [&](auto place) { return things_[place] == &thing; });
  }

private:
  std::vector<std::size_t> ready_;
  std::vector<const void*> things_;
};

namespace detail {

/// The places of those that are ready; empty: the time ran out.
std::vector<std::size_t> wait_ready(std::span<const waitable> things,
                                    deadline until);

waitable native_waitable(const native_handle_type& handle);

template <class T>
concept can_be_waited_for =
    std::same_as<T, native_handle_type> || requires(const T& thing) {
  { handle_access::waitable(thing) } -> std::same_as<waitable>;
};

template <can_be_waited_for T>
waitable as_waitable(const T& thing) {
  if constexpr (std::same_as<T, native_handle_type>)
    return native_waitable(thing);
  else
    return handle_access::waitable(thing);
}

template <class R>
concept range_to_wait_for =
    std::ranges::forward_range<R> && !can_be_waited_for<
        R> && can_be_waited_for<std::ranges::range_value_t<R>>;

/// The things of one call, in their order.
struct wait_list {
  std::vector<waitable> things;
  std::vector<const void*> addresses;

  template <can_be_waited_for T>
  void add(const T& thing) {
    things.push_back(as_waitable(thing));
    addresses.push_back(&thing);
  }
  template <range_to_wait_for R>
  void add(const R& range) {
    for (auto& thing : range)
      add(thing);
  }
};

template <class... Things>
ready_set wait_until(deadline until, const Things&... things) {
  wait_list list;
  (list.add(things), ...);
  return {wait_ready(list.things, until), std::move(list.addresses)};
}

} // namespace detail

/// Waits until one of the things is ready and returns which are: a connection
/// with a message (or whose other end is gone), a queue with an item (or
/// closed), a process that has ended, a native handle that is readable. Any mix
/// of them and of ranges of them (a vector of processes, say), whose elements
/// take one place each.
///
/// @code
/// auto ready = ramet::wait(parent_end, post, p, socket_fd);
/// if (ready.contains(post)) ...
/// for (std::size_t i : ramet::wait_for(1s, connections)) connections[i] ...
/// ramet::wait(results, workers); // a queue (place 0), a vector of processes
/// @endcode
///
/// Ready means "now": another consumer may be faster, so use the try_ verbs
/// where there are several. Things must not be destroyed meanwhile.
/// Thread-safe.
/// @throws error closed (a moved-from process), resource_exhausted,
///   os_failure (a native handle that is not open)
template <class... Things>
ready_set wait(const Things&... things) {
  return detail::wait_until(detail::deadline::never(), things...);
}
/// Does not wait.
template <class... Things>
ready_set try_wait(const Things&... things) {
  return detail::wait_until(detail::deadline::now(), things...);
}
/// Waits so long at most; an empty set then.
template <class Rep, class Period, class... Things>
ready_set wait_for(std::chrono::duration<Rep, Period> time,
                   const Things&... things) {
  return detail::wait_until(detail::deadline::in(time), things...);
}

} // namespace ramet
