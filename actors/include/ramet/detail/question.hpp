// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A request from code that is no actor, and where its answer comes in.

#pragma once

#include <ramet/detail/caf_compat.hpp>
#include <ramet/detail/future_state.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/message_types.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/resumable.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace ramet::detail {

/// Where an answer goes.
class answer_sink {
public:
  answer_sink() = default;
  answer_sink(const answer_sink&) = delete;
  answer_sink& operator=(const answer_sink&) = delete;
  virtual ~answer_sink() = default;
  /// Called once, by any thread.
  virtual void answer(caf::message&& values) noexcept = 0;
};

/// What stands as the sender in a question: the answer comes to `sink`, or an
/// error when there will be none.
caf::strong_actor_ptr make_port(std::shared_ptr<answer_sink> sink);
caf::message_id question_id();

/// An error answer as the exception that future::get() throws.
std::exception_ptr exception_of(const caf::error& problem);
std::exception_ptr mismatch(const caf::message& found,
                            std::string_view expected);

/// Puts the question; returns what an idle actor is to be run by, if any.
caf::resumable* put_question(const caf::strong_actor_ptr& actor,
                             caf::mailbox_element_ptr question);

/// Looks a little for the answer, in this thread. False: sleep until it comes.
bool search_answer(const future_state_base& state, deadline until,
                   caf::resumable* job);

/// Around a sleep: if an actor sleeps, others run in its place.
class asleep {
public:
  asleep();
  ~asleep();
  asleep(const asleep&) = delete;
  asleep& operator=(const asleep&) = delete;

private:
  void* place_;
};

template <class R>
struct answer_type {
  using types = type_list<R>;
};
template <>
struct answer_type<void> {
  using types = type_list<>;
};
template <class... Rs>
struct answer_type<std::tuple<Rs...>> {
  using types = type_list<Rs...>;
};

/// The state of a future whose result is in an answer.
template <class R>
class question_state : public future_state<R>, public answer_sink {
public:
  void put(const caf::strong_actor_ptr& actor,
           caf::mailbox_element_ptr question) {
    job_ = put_question(actor, std::move(question));
  }

private:
  void drive(deadline until) final {
    if (search_answer(*this, until, job_.exchange(nullptr)))
      return;
    asleep here;
    future_state_base::drive(until);
  }

  // Of the asked actor, if it was idle and is of this process. It is only
  // compared with those that wait to be run, never followed.
  std::atomic<caf::resumable*> job_{nullptr};
};

/// The state for an answer of type R: void, a value, a tuple of several, or the
/// message as it is.
template <class R>
class answer_state final : public question_state<R> {
public:
  void answer(caf::message&& values) noexcept override {
    try {
      take_answer(values);
    } catch (...) {
      this->fail(std::current_exception());
    }
  }

private:
  void take_answer(caf::message& values) {
    if constexpr (std::is_same_v<R, caf::message>) {
      if (is_error(values))
        this->fail(exception_of(values.get_as<caf::error>(0)));
      else
        this->complete(std::move(values));
    } else {
      take_values(values, typename answer_type<R>::types{});
    }
  }

  template <class... Rs>
  void take_values(caf::message& values, type_list<Rs...>) {
    if (values.match_elements<Rs...>()
        || (std::is_void_v<R> && values.match_elements<caf::unit_t>()))
      complete_with<Rs...>(values, std::index_sequence_for<Rs...>{});
    else if (is_error(values))
      this->fail(exception_of(values.get_as<caf::error>(0)));
    else
      this->fail(mismatch(values, name_of_message<Rs...>()));
  }

  template <class... Rs, std::size_t... Is>
  void complete_with(caf::message& values, std::index_sequence<Is...>) {
    if constexpr (std::is_void_v<R>)
      this->complete();
    else
      this->complete(R{std::move(values.get_mutable_as<Rs>(Is))...});
  }

  static bool is_error(const caf::message& values) {
    return values.match_elements<caf::error>();
  }
};

template <class R, class... Ts>
std::shared_ptr<answer_state<R>> ask_actor(const caf::strong_actor_ptr& actor,
                                           Ts&&... values) {
  auto state = std::make_shared<answer_state<R>>();
  state->put(actor, caf_compat::make_element(make_port(state), question_id(),
                                             std::forward<Ts>(values)...));
  return state;
}

[[noreturn]] void throw_no_actor();

} // namespace ramet::detail
