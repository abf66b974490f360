// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Futures in Boost.Asio: an asynchronous operation for any completion token.
/// The only header of ramet that includes Asio.

#pragma once

#include <ramet/detail/future_state.hpp>
#include <ramet/future.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace ramet {

namespace detail {

template <class R>
struct asio_signature {
  using type = void(std::exception_ptr, R);
};
template <>
struct asio_signature<void> {
  using type = void(std::exception_ptr);
};

/// Waits for the result in the handler's place.
template <class R, class Handler>
class asio_continuation final : public future_state_base::continuation {
public:
  explicit asio_continuation(Handler&& handler)
      : work_(boost::asio::make_work_guard(handler)),
        handler_(std::move(handler)) {}

  // Always posted: it may run within async_get, and in any thread.
  void run(future_state_base& base) override {
    run_callback(
        [&] {
          auto state = std::static_pointer_cast<future_state<R>>(
              base.shared_from_this());
          auto executor = work_.get_executor();
          boost::asio::post(executor,
                            completion{std::move(state), std::move(work_),
                                       std::move(handler_)});
        },
        "handing the result of a future to Boost.Asio");
  }

private:
  using work_guard = boost::asio::executor_work_guard<
      boost::asio::associated_executor_t<Handler>>;

  struct completion {
    std::shared_ptr<future_state<R>> state;
    work_guard work;
    Handler handler;

    void operator()() {
      boost::asio::get_associated_cancellation_slot(handler).clear();
      auto result = take();
      auto call = std::move(handler);
      state.reset();
      std::apply(
          [&](auto&... values) { std::move(call)(std::move(values)...); },
          result);
    }

    auto take() {
      if constexpr (std::is_void_v<R>) {
        try {
          state->take();
          return std::tuple{std::exception_ptr{}};
        } catch (...) {
          return std::tuple{std::current_exception()};
        }
      } else {
        try {
          return std::tuple<std::exception_ptr, R>{nullptr, state->take()};
        } catch (...) {
          return std::tuple<std::exception_ptr, R>{std::current_exception(),
                                                   R{}};
        }
      }
    }
  };

  work_guard work_;
  Handler handler_;
};

struct asio_initiation {
  template <class Handler, class R>
  void operator()(Handler&& handler,
                  std::shared_ptr<future_state<R>> state) const {
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    state->wait(deadline::now()); // may be there, unread
    auto next = std::make_unique<asio_continuation<R, std::decay_t<Handler>>>(
        std::decay_t<Handler>(std::forward<Handler>(handler)));
    if (slot.is_connected())
      slot.assign([state](boost::asio::cancellation_type) { state->cancel(); });
    state->then(std::move(next));
  }
};

} // namespace detail

/// An asynchronous operation in the sense of Boost.Asio that completes with the
/// result of `result`, or its failure: `void(std::exception_ptr, R)`, or
/// `void(std::exception_ptr)` for a `future<void>`.
///
/// @code
/// boost::asio::awaitable<void> serve(tcp::socket client) {
///   auto text = co_await ramet::async_get(ramet::async(render, 3),
///                                         boost::asio::use_awaitable);
///   co_await async_write(client, buffer(text), boost::asio::use_awaitable);
/// }
/// @endcode
///
/// Any completion token will do: a callback, use_future, deferred. The handler
/// is called on its associated executor, and never within async_get. Until then
/// it counts as work of that executor, whose context must live so long. What
/// comes with a failure is an `R{}`, so R needs a default constructor.
///
/// Cancelling the operation through its cancellation slot, whatever the type of
/// cancellation, cancels the future: the operation completes with `error` of
/// errc::closed, unless the result was there already. When the process that
/// works on it dies, it completes with the task_failure that get() would throw.
///
/// Does not wait. The future is not valid afterwards.
/// @throws error closed if it has no result to come
template <class R, class CompletionToken>
auto async_get(future<R> result, CompletionToken&& token) {
  static_assert(std::is_void_v<R> || std::is_default_constructible_v<R>,
                "ramet: async_get() hands over a default-constructed result "
                "with a failure: give the result's type a default constructor, "
                "or return a std::optional of it");
  return boost::asio::async_initiate<CompletionToken,
                                     typename detail::asio_signature<R>::type>(
      detail::asio_initiation{}, token,
      detail::future_access::release(result, "async_get()"));
}

} // namespace ramet
