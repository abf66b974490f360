// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// From a spawn written in one process to the same spawn made in another.

#pragma once

#include <ramet/detail/call_plan.hpp>
#include <ramet/detail/launch.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/message_types.hpp>
#include <ramet/detail/pack.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>
#include <caf/infer_handle.hpp>
#include <caf/local_actor.hpp>

#include <concepts>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace ramet::detail {

/// A spawn with its arguments, decoded in the process where it is to be made.
struct spawn_job {
  spawn_job() = default;
  spawn_job(const spawn_job&) = delete;
  spawn_job& operator=(const spawn_job&) = delete;
  virtual ~spawn_job() = default;
  virtual caf::strong_actor_ptr run(caf::actor_system& system) = 0;
};

/// Makes the job out of the arguments' message.
using spawn_entry = std::unique_ptr<spawn_job> (*)(const incoming&);

/// The parameters of an actor's function, but for the pointer to itself.
template <class List>
struct without_self {
  using list = List;
};
template <class Self, class... Ps>
requires std::derived_from<Self, caf::abstract_actor>
struct without_self<param_list<Self*, Ps...>> {
  using list = param_list<Ps...>;
};

template <class... Ps, class... Args>
consteval bool arguments_fit(param_list<Ps...>, param_list<Args...>) {
  if constexpr (sizeof...(Ps) != sizeof...(Args))
    return false;
  else
    return (std::convertible_to<Args, std::remove_cvref_t<Ps>> && ...);
}

template <class... Ps>
consteval bool parameters_travel(param_list<Ps...>) {
  (require_serializable<travel_form<Ps>>(), ...);
  return (travels<travel_form<Ps>> && ...);
}

template <class... Forms>
std::tuple<Forms...> decode_forms(const incoming& message,
                                  std::type_identity<std::tuple<Forms...>>) {
  return std::tuple<Forms...>{decode_message<Forms...>(message)};
}

/// A function that makes an actor.
template <class F, class... Params>
struct function_spawn final : spawn_job {
  using forms =
      std::conditional_t<stateless<F>, std::tuple<travel_form<Params>...>,
                         std::tuple<travel_form<F>, travel_form<Params>...>>;

  explicit function_spawn(forms&& decoded) : values(std::move(decoded)) {}

  static std::unique_ptr<spawn_job> make(const incoming& message) {
    return std::make_unique<function_spawn>(
        decode_forms(message, std::type_identity<forms>{}));
  }

  caf::strong_actor_ptr run(caf::actor_system& system) override {
    return std::apply(
        [&](auto&... xs) {
          if constexpr (stateless<F>)
            return make_actor(system, F{}, xs...);
          else
            return make_actor_by(system, xs...);
        },
        values);
  }

  static caf::strong_actor_ptr make_actor_by(caf::actor_system& system,
                                             travel_form<F>& f,
                                             travel_form<Params>&... xs) {
    return make_actor(system, traveller<F>::unpack(f), xs...);
  }
  template <class Function>
  static caf::strong_actor_ptr make_actor(caf::actor_system& system,
                                          Function&& f,
                                          travel_form<Params>&... xs) {
    return caf::actor_cast<caf::strong_actor_ptr>(system.spawn(
        std::decay_t<Function>(std::forward<Function>(f)),
        std::remove_cvref_t<Params>(traveller<Params>::unpack(xs))...));
  }

  forms values;
};

/// A class that is an actor.
template <class Actor, class... Params>
struct class_spawn final : spawn_job {
  using forms = std::tuple<travel_form<Params>...>;

  explicit class_spawn(forms&& decoded) : values(std::move(decoded)) {}

  static std::unique_ptr<spawn_job> make(const incoming& message) {
    return std::make_unique<class_spawn>(
        decode_forms(message, std::type_identity<forms>{}));
  }

  caf::strong_actor_ptr run(caf::actor_system& system) override {
    return std::apply(
        [&](auto&... xs) {
          return caf::actor_cast<caf::strong_actor_ptr>(
              system.spawn<Actor>(traveller<Params>::unpack(xs)...));
        },
        values);
  }

  forms values;
};

/// Calls `send(entry, outgoing)` with the call as it travels.
template <class Send, class... Packed>
auto send_packed(Send&& send, spawn_entry entry,
                 const std::tuple<Packed...>& values) {
  return std::apply(
      [&](const auto&... forms) {
        std::tuple<const std::remove_cvref_t<decltype(forms)>&...> references{
            forms...};
        return send(entry, make_outgoing_pack(references));
      },
      values);
}

template <class Send, class F, class... Args>
caf::strong_actor_ptr spawn_function(Send&& send, F&& f, Args&&... args) {
  using function = std::decay_t<F>;
  using params =
      typename without_self<typename parameters_of<function>::list>::list;
  static_assert(arguments_fit(params{}, param_list<Args...>{}),
                "ramet: the actor's function cannot be called with these "
                "arguments");
  if constexpr (arguments_fit(params{}, param_list<Args...>{})
                && parameters_travel(params{})) {
    return [&]<class... Ps>(param_list<Ps...>) {
      if constexpr (stateless<function>) {
        std::tuple<packed<Ps, Args>...> values{
            traveller<Ps>::pack(std::forward<Args>(args))...};
        return send_packed(send, &function_spawn<function, Ps...>::make,
                           values);
      } else {
        std::tuple<packed<function, F>, packed<Ps, Args>...> values{
            traveller<function>::pack(std::forward<F>(f)),
            traveller<Ps>::pack(std::forward<Args>(args))...};
        return send_packed(send, &function_spawn<function, Ps...>::make,
                           values);
      }
    }(params{});
  } else {
    return nullptr;
  }
}

template <class Actor, class Send, class... Args>
caf::strong_actor_ptr spawn_class(Send&& send, Args&&... args) {
  using params = param_list<free_parameter<Args>...>;
  if constexpr (parameters_travel(params{})) {
    std::tuple<packed<free_parameter<Args>, Args>...> values{
        traveller<free_parameter<Args>>::pack(std::forward<Args>(args))...};
    return send_packed(send, &class_spawn<Actor, free_parameter<Args>...>::make,
                       values);
  } else {
    return nullptr;
  }
}

} // namespace ramet::detail
