// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Calls as tasks of a pool: how their arguments travel, and what a worker
/// does with them.

#pragma once

#include <ramet/detail/async_link.hpp>
#include <ramet/detail/async_state.hpp>
#include <ramet/detail/call_plan.hpp>
#include <ramet/detail/code_address.hpp>
#include <ramet/detail/pack.hpp>
#include <ramet/detail/pool_task.hpp>
#include <ramet/shared_argument.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace ramet::detail {

// -- how one argument travels to a worker -------------------------------------

/// What an argument counts as for the compiler's checks: a shared one is what
/// it holds.
template <class Arg>
struct plain_argument {
  using type = Arg;
};
template <class Arg>
requires is_shared_argument<std::remove_cvref_t<Arg>>
struct plain_argument<Arg> {
  using type = const typename std::remove_cvref_t<Arg>::value_type&;
};
template <class Arg>
using plain_argument_t = typename plain_argument<Arg>::type;

/// As a traveller, but for shared arguments: these travel as handles.
template <class Param, class Arg,
          bool Shared = is_shared_argument<std::remove_cvref_t<Arg>>>
struct task_traveller : traveller<Param> {
  using used = travel_form<Param>&;
  static decltype(auto) unpack(used& value) {
    return traveller<Param>::unpack(value);
  }
};
template <class Param, class Arg>
struct task_traveller<Param, Arg, true> {
  using shared = std::remove_cvref_t<Arg>;
  using form = shared;
  using used = shared_use<Param, typename shared::value_type>;
  static const form& pack(const shared& arg) { return arg; }
  static decltype(auto) unpack(const used& value) { return value.get(); }
};

/// A parameter together with how its argument comes.
template <class Param, class Arg>
struct task_parameter {
  using traveller = task_traveller<Param, Arg>;
  using form = typename traveller::form;
  using param = Param;
};

/// Of a callee and arguments: what travels.
template <class Callee, class... Args>
struct task_plan {
  using plan = call_plan<Callee, plain_argument_t<Args>...>;
  using result = call_result_t<Callee, plain_argument_t<Args>...>;

  template <class... Ps>
  static auto pair(param_list<Ps...>)
      -> param_list<task_parameter<Ps, std::remove_cvref_t<Args>>...>;
  using parameters = decltype(pair(typename plan::params{}));

  /// Says in one line what is wrong, if something is, and then is false.
  static consteval bool check() {
    if constexpr (plan::check()) {
      require_serializable<result_form<result>>();
      return travels<result_form<result>>;
    } else {
      return false;
    }
  }
};

// -- in the worker ------------------------------------------------------------

/// Makes one call of decoded arguments, which it may move away.
template <class Callee, class... Parameters>
decltype(auto) call_task(Callee& callee, typename Parameters::form&... forms) {
  using used = std::tuple<typename Parameters::traveller::used...>;
  used values{forms...};
  return std::apply(
      [&](auto&... each) -> decltype(auto) {
        if constexpr (std::is_invocable_v<
                          Callee&,
                          decltype(Parameters::traveller::unpack(each))...>)
          return std::invoke(callee, Parameters::traveller::unpack(each)...);
        else
          return std::invoke(std::move(callee),
                             Parameters::traveller::unpack(each)...);
      },
      values);
}

/// The callee as it travels: not at all, if it can be made anew.
template <class Callee>
using callee_form =
    std::conditional_t<stateless<Callee>, std::monostate, travel_form<Callee>>;

template <class Callee>
decltype(auto) unpack_callee(callee_form<Callee>& form) {
  if constexpr (stateless<Callee>)
    return Callee{};
  else
    return traveller<Callee>::unpack(form);
}

template <class Callee, class F>
decltype(auto) pack_callee(F&& f) {
  if constexpr (stateless<Callee>)
    return std::monostate{};
  else
    return traveller<Callee>::pack(std::forward<F>(f));
}

/// One call.
template <class R, class Callee, class... Parameters>
struct single_task final : pool_task {
  using forms = std::tuple<callee_form<Callee>, typename Parameters::form...>;

  explicit single_task(forms&& decoded) : values(std::move(decoded)) {}

  static std::unique_ptr<pool_task> make(const incoming& message) {
    if constexpr (sizeof...(Parameters) == 0)
      return std::make_unique<single_task>(
          forms{decode_message<callee_form<Callee>>(message)});
    else
      return std::make_unique<single_task>(forms{
          decode_message<callee_form<Callee>, typename Parameters::form...>(
              message)});
  }

  void run(task_reply& reply) override {
    if constexpr (std::is_void_v<R>) {
      call();
      values.reset(); // their handles let go before the caller hears of it
      reply.send(make_outgoing(std::monostate{}));
    } else {
      R result(call());
      values.reset();
      reply.send(make_outgoing(result));
    }
  }

  decltype(auto) call() {
    return std::apply(
        [](auto& first, auto&... others) -> decltype(auto) {
          auto&& callee = unpack_callee<Callee>(first);
          return call_task<std::remove_reference_t<decltype(callee)>,
                           Parameters...>(callee, others...);
        },
        *values);
  }

  std::optional<forms> values;
};

/// Where the code of tasks of one kind is; found once in a process.
template <class Task>
const code_address& code_of() {
  static const code_address address =
      // NOLINTNEXTLINE(*-reinterpret-cast): see locate_code
      locate_code(
          reinterpret_cast<const void*>(static_cast<task_entry>(&Task::make)));
  return address;
}

} // namespace ramet::detail
