// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A call in a process of its own: what the process runs, and what the caller's
/// future looks at.

#pragma once

#include <ramet/connection.hpp>
#include <ramet/detail/async_link.hpp>
#include <ramet/detail/call_plan.hpp>
#include <ramet/detail/future_state.hpp>
#include <ramet/detail/launch.hpp>
#include <ramet/detail/packed_call.hpp>
#include <ramet/error.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace ramet::detail {

/// How a result of type R travels.
template <class R>
using result_form = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

/// What the call returns, decayed; void if it cannot be made.
template <class F, class... Args>
struct call_result {
  using callee = std::decay_t<F>;
  using plan = call_plan<callee, Args...>;

  template <class... Ps>
  static auto find(param_list<Ps...> list) {
    if constexpr (!plan::callable(list))
      return std::type_identity<void>{};
    else if constexpr (std::is_invocable_v<callee&, std::decay_t<Ps>...>)
      return std::type_identity<
          std::decay_t<std::invoke_result_t<callee&, std::decay_t<Ps>...>>>{};
    else
      return std::type_identity<
          std::decay_t<std::invoke_result_t<callee, std::decay_t<Ps>...>>>{};
  }
  using type = typename decltype(find(typename plan::params{}))::type;
};

template <class F, class... Args>
using call_result_t = typename call_result<F, Args...>::type;

// -- in the process -----------------------------------------------------------

/// Makes the call and sends what came of it.
template <class R, class Callee, class... Params>
struct async_job final : job {
  using packed = packed_call<Callee, Params...>;
  using forms = typename packed::forms;

  async_job(connection to, forms&& decoded)
      : results(std::move(to)), values(std::move(decoded)) {}

  static std::unique_ptr<job> make(const incoming& message) {
    return make_of(message, std::type_identity<forms>{});
  }

  template <class... Forms>
  static std::unique_ptr<job>
  make_of(const incoming& message, std::type_identity<std::tuple<Forms...>>) {
    auto decoded = decode_forms(
        message, std::type_identity<std::tuple<connection, Forms...>>{});
    return std::apply(
        [](connection& to, Forms&... form) -> std::unique_ptr<job> {
          return std::make_unique<async_job>(std::move(to),
                                             forms{std::move(form)...});
        },
        decoded);
  }

  void run() override {
    auto thrown = exception_of([this] {
      if constexpr (std::is_void_v<R>) {
        packed::make(*values);
        send(std::monostate{});
      } else {
        send(R(packed::make(*values)));
      }
    });
    if (thrown)
      send(failure_note{std::move(*thrown)});
  }

  template <class Message>
  void send(Message&& message) {
    values.reset(); // their handles let go before the caller hears of it
    try {
      results.send(std::move(message));
    } catch (const error&) {
      // Readable, as nothing comes this way, only if the caller has closed it:
      // it has cancelled, and kills us.
      if (!results.poll())
        throw;
    }
  }

  connection results;
  std::optional<forms> values;
};

template <class R>
struct async_jobs {
  template <class Callee, class... Params>
  static constexpr job_entry entry = &async_job<R, Callee, Params...>::make;
};

// -- in the caller ------------------------------------------------------------

/// Whoever waits receives the result itself. Without anybody waiting it stays
/// where it is, and only the end of the process is heard of, if somebody wants
/// to be called back or has dropped the future.
template <class R>
class async_state final : public future_state<R> {
public:
  explicit async_state(pipe_side results) : link_(std::move(results)) {}
  void started(std::shared_ptr<child> process) {
    link_.started(std::move(process));
  }

  bool cancel() override {
    if (this->wait(deadline::now()) || !future_state_base::cancel())
      return false;
    link_.kill();
    return true;
  }

  void abandoned() noexcept override {
    try {
      if (!this->ready())
        link_.when_ended(
            [this, self = this->shared_from_this()] { look_for_failure(); });
    } catch (const std::exception&) { // no memory: nobody hears of a failure
    }
  }

protected:
  void drive(deadline until) override {
    try {
      progress(until);
    } catch (...) { // damaged, or no memory for it
      this->fail(std::current_exception());
    }
  }

  // A message wakes one of those that wait for it.
  void completed() override { link_.close(); }

  void expected() override {
    link_.call_back_when_ended(
        [this, self = this->shared_from_this()] { drive(deadline::now()); });
  }

private:
  void progress(deadline until) {
    std::optional<result_form<R>> result;
    std::optional<failure_note> failure;
    auto receive = [&](const incoming& message) {
      if (message.type == type_id_of<failure_note>().id)
        failure = decode_message<failure_note>(message);
      else
        result.emplace(decode_message<result_form<R>>(message));
      return verdict::consume;
    };
    switch (link_.take(receive, until)) {
    case async_link::news::message:
      if (failure)
        this->fail(link_.failure_by(std::move(failure->what)));
      else if constexpr (std::is_void_v<R>)
        this->complete();
      else
        this->complete(std::move(*result));
      break;
    case async_link::news::ended:
      this->fail(link_.failure_by_end());
      break;
    case async_link::news::elsewhere:
      future_state_base::drive(until);
      break;
    case async_link::news::nothing_yet:
      break;
    }
  }

  // In the thread that has seen the process end. A result is not wanted.
  void look_for_failure() noexcept {
    try {
      std::optional<failure_note> failure;
      auto receive = [&](const incoming& message) {
        if (message.type == type_id_of<failure_note>().id)
          failure = decode_message<failure_note>(message);
        return verdict::consume;
      };
      auto news = link_.take(receive, deadline::now());
      if (failure)
        this->fail(link_.failure_by(std::move(failure->what)));
      else if (news == async_link::news::ended && !link_.end_is_no_news())
        this->fail(link_.failure_by_end());
    } catch (...) {
      this->fail(std::current_exception());
    }
  }

  async_link link_;
};

/// Starts the process and returns what its result will be in.
template <class R, class F, class... Args>
std::shared_ptr<future_state<R>> start_async(process_options options, F&& f,
                                             Args&&... args) {
  require_no_pipes(options.setup, "calling ramet::async");
  auto [here, there] = pipe_side::create(false);
  connection results{std::move(there)};
  auto state = std::make_shared<async_state<R>>(std::move(here));
  state->started(launch_job<async_jobs<R>>(
      std::move(options), std::tuple<const connection&>{results},
      std::forward<F>(f), std::forward<Args>(args)...));
  return state;
}

} // namespace ramet::detail
