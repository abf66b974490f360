// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A result that is still being worked on elsewhere.

#pragma once

#include <ramet/detail/future_awaiter.hpp>
#include <ramet/detail/future_state.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/error.hpp>
#include <ramet/task_failure.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace ramet {

namespace detail {

template <class F, class R>
concept takes_result =
    (std::is_void_v<R> && std::invocable<F&>) || std::invocable<F&, R>;

[[noreturn]] void throw_no_future(const char* operation);

} // namespace detail

/// The one handle to the result of a call that runs elsewhere, in the manner of
/// std::future: of async(), of a pool's task, of a question to an actor.
///
/// @code
/// ramet::future<double> f = ramet::async(slow, 3);
/// if (auto y = f.get_for(1s))          // f.get() waits as long as it takes
///   std::cout << *y << '\n';
///
/// ramet::async(slow, 4).then([](double y) { std::cout << y << '\n'; },
///                            [](const ramet::error& e) { log(e.what()); });
/// @endcode
///
/// A result is given once: by get(), to then(), or to co_await. Afterwards the
/// future is no longer valid, and all members but valid() throw `error` with
/// errc::closed.
///
/// In a coroutine, `co_await f` gives what get() does and never blocks: the
/// coroutine goes on in the thread that brings the result, or, if that is there
/// already, in its own. A coroutine that is destroyed while it waits drops the
/// future. In Boost.Asio's coroutines use async_get of <ramet/asio.hpp>.
///
/// A failure there is thrown here: a function that threw, or a process that
/// was killed, as task_failure. One that nobody has looked at, by get() or
/// with then()'s on_error, is told in one line on stderr when the future is
/// gone.
///
/// Any number of threads may wait() and ask ready(); all else, and moves, need
/// the future for themselves.
template <class R>
class future {
public:
  static_assert(std::is_void_v<R> || std::is_same_v<R, std::decay_t<R>>,
                "ramet: a future holds a value: future<T>, without const and "
                "references");

  /// What x_for and try_x return: the value if there is one; of void, whether
  /// it is done.
  using optional_result =
      typename std::conditional_t<std::is_void_v<R>, std::type_identity<bool>,
                                  std::type_identity<std::optional<R>>>::type;

  /// Has no result to come.
  future() = default;
  future(future&&) noexcept = default;
  future& operator=(future&& other) noexcept {
    if (this != &other) {
      drop();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  /// The work goes on. Never waits.
  ~future() { drop(); }

  /// False when moved from, or when the result was given away.
  bool valid() const noexcept { return state_ != nullptr; }

  /// Waits for the result and gives it away.
  /// @throws task_failure when the function threw, or its process died before
  ///   it returned; error closed when it was cancelled, its pool terminated, or
  ///   there is no result to come; timed_out when a pool's task ran too long;
  ///   what decoding throws. Of questions to actors, see ask().
  R get() {
    use("get()").wait(detail::deadline::never());
    return std::exchange(state_, nullptr)->take();
  }
  /// The result if it is there; nothing, and the future stays valid, if not.
  /// @throws as get
  optional_result try_get() {
    return get_until("try_get()", detail::deadline::now());
  }
  /// Waits so long at most. @throws as get
  template <class Rep, class Period>
  optional_result get_for(std::chrono::duration<Rep, Period> time) {
    return get_until("get_for()", detail::deadline::in(time));
  }

  /// Waits until there is a result or a failure.
  /// @throws error closed if there is none to come
  void wait() const { use("wait()").wait(detail::deadline::never()); }
  /// Waits so long at most. True if there is one.
  template <class Rep, class Period>
  bool wait_for(std::chrono::duration<Rep, Period> time) const {
    return use("wait_for()").wait(detail::deadline::in(time));
  }
  /// Whether get() would not wait.
  bool ready() const { return use("ready()").wait(detail::deadline::now()); }

  /// Has `on_value(R)` called with the result, or `on_error(const error&)` with
  /// the failure: one of them, once. At once if it is there; else in the thread
  /// that brings it, while other callbacks wait for their turn. Without an
  /// `on_error` a failure is told on stderr, as is what a callback throws. Does
  /// not wait. (Other callbacks may be called within one that waits for a
  /// result which only a callback can bring, as that of when_all.)
  template <detail::takes_result<R> OnValue, class OnError = std::nullptr_t>
  requires std::is_null_pointer_v<OnError> || std::invocable<OnError&,
                                                             const error&>
  void then(OnValue&& on_value, OnError&& on_error = nullptr) {
    use("then()").wait(detail::deadline::now()); // may be there, unread
    auto next =
        std::make_unique<detail::callbacks_of_then<R, std::decay_t<OnValue>,
                                                   std::decay_t<OnError>>>(
            std::forward<OnValue>(on_value), std::forward<OnError>(on_error));
    std::exchange(state_, nullptr)->then(std::move(next));
  }

  /// Gives up on the result: of async, kills the process; of a pool's task,
  /// keeps it from being begun, or kills the worker that runs it; of a
  /// question, forgets it. False if the result, or a failure, was there
  /// already; get() has it. After true get() throws `closed`. Does not wait,
  /// but for a call of a progress_function that is just made.
  bool cancel() { return use("cancel()").cancel(); }

private:
  friend struct detail::future_access;
  friend future
  detail::make_future<R>(std::shared_ptr<detail::future_state<R>> state);
  explicit future(std::shared_ptr<detail::future_state<R>> state)
      : state_(std::move(state)) {}

  detail::future_state<R>& use(const char* operation) const {
    if (!state_)
      detail::throw_no_future(operation);
    return *state_;
  }

  optional_result get_until(const char* operation, detail::deadline until) {
    if (!use(operation).wait(until))
      return {};
    if constexpr (std::is_void_v<R>) {
      std::exchange(state_, nullptr)->take();
      return true;
    } else {
      return std::exchange(state_, nullptr)->take();
    }
  }

  void drop() noexcept {
    if (auto state = std::exchange(state_, nullptr))
      state->abandoned();
  }

  std::shared_ptr<detail::future_state<R>> state_;
};

/// See future.
template <class R>
detail::future_awaiter<R> operator co_await(future<R>& result) {
  return detail::future_awaiter<R>{
      detail::future_access::release(result, "co_await")};
}
template <class R>
detail::future_awaiter<R> operator co_await(future<R>&& result) {
  return operator co_await(result);
}

template <class R>
future<R> detail::make_future(std::shared_ptr<future_state<R>> state) {
  return future<R>{std::move(state)};
}

} // namespace ramet
