// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// From a spawn written in one process to the same spawn made in another.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/packed_call.hpp>
#include <ramet/detail/spawn_plan.hpp>

#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>
#include <caf/infer_handle.hpp>
#include <caf/local_actor.hpp>

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
  /// Makes the actor: once. It is run by `config.host`, later.
  virtual caf::strong_actor_ptr run(caf::actor_system& system,
                                    caf::actor_config& config) = 0;
};

/// Makes the job out of the arguments' message.
using spawn_entry = std::unique_ptr<spawn_job> (*)(const incoming&);

/// A function that makes an actor.
template <class F, class... Params>
struct function_spawn final : spawn_job {
  using call = packed_call<F, Params...>;
  using forms = typename call::forms;

  explicit function_spawn(forms&& decoded) : values(std::move(decoded)) {}

  static std::unique_ptr<spawn_job> make(const incoming& message) {
    return std::make_unique<function_spawn>(
        decode_forms(message, std::type_identity<forms>{}));
  }

  caf::strong_actor_ptr run(caf::actor_system& system,
                            caf::actor_config& config) override {
    return call::open(values, [&](auto& f, travel_form<Params>&... xs) {
      F function(std::move(f));
      return caf::actor_cast<caf::strong_actor_ptr>(system.spawn_functor(
          std::true_type{}, config, function,
          std::remove_cvref_t<Params>(traveller<Params>::unpack(xs))...));
    });
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

  caf::strong_actor_ptr run(caf::actor_system& system,
                            caf::actor_config& config) override {
    return std::apply(
        [&](auto&... xs) {
          return caf::actor_cast<caf::strong_actor_ptr>(
              system.spawn_class<Actor, caf::no_spawn_options>(
                  config, traveller<Params>::unpack(xs)...));
        },
        values);
  }

  forms values;
};

/// Calls `use(entry, values)` with the spawn as it is packed.
template <class Result, class Use, class F, class... Args>
Result pack_function_spawn(Use&& use, F&& f, Args&&... args) {
  using function = std::decay_t<F>;
  using plan = function_plan<function, Args...>;
  if constexpr (plan::check())
    return [&]<class... Ps>(param_list<Ps...> params) {
      return use(
          &function_spawn<function, Ps...>::make,
          pack_call(params, std::forward<F>(f), std::forward<Args>(args)...));
    }(typename plan::params{});
  else
    return Result{}; // plan::check() has said what is wrong
}

template <class Result, class Actor, class Use, class... Args>
Result pack_class_spawn(Use&& use, Args&&... args) {
  using plan = class_plan<Actor, Args...>;
  if constexpr (plan::check())
    return use(
        &class_spawn<Actor, free_parameter<Args>...>::make,
        pack_arguments(typename plan::params{}, std::forward<Args>(args)...));
  else
    return Result{};
}

/// Passes `send(entry, outgoing)` the spawn as it travels, and its result back.
template <class Send>
auto as_message(Send& send) {
  return [&send](spawn_entry entry, const auto& values) {
    return send_packed([&](const outgoing& call) { return send(entry, call); },
                       std::tuple<>{}, values);
  };
}

template <class Send, class F, class... Args>
caf::strong_actor_ptr spawn_function(Send&& send, F&& f, Args&&... args) {
  return pack_function_spawn<caf::strong_actor_ptr>(
      as_message(send), std::forward<F>(f), std::forward<Args>(args)...);
}

template <class Actor, class Send, class... Args>
caf::strong_actor_ptr spawn_class(Send&& send, Args&&... args) {
  return pack_class_spawn<caf::strong_actor_ptr, Actor>(
      as_message(send), std::forward<Args>(args)...);
}

} // namespace ramet::detail
