// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A spawn that can be made any number of times: its arguments are kept.

#pragma once

#include <ramet/detail/remote_spawn.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/blocking_actor.hpp>
#include <caf/scheduled_actor.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace ramet::detail {

/// Makes an actor of a call as it travels, somewhere, and waits for it.
using spawn_sender =
    std::function<caf::strong_actor_ptr(spawn_entry, const outgoing&)>;

struct kept_spawn {
  /// Has the sender make the actor, from the same arguments each time. Handles
  /// among them are held for as long as this lives.
  std::function<caf::strong_actor_ptr(const spawn_sender&)> call;
  /// False for actors that block: they answer nobody but in their own code.
  bool has_behavior = true;
};

template <class... Forms>
kept_spawn keep_call(spawn_entry entry, std::tuple<Forms...>&& values,
                     bool has_behavior) {
  auto kept = std::make_shared<const std::tuple<Forms...>>(std::move(values));
  return {[entry, kept](const spawn_sender& send) {
            return send_packed(send, entry, *kept);
          },
          has_behavior};
}

/// Whether an actor's function wants an actor that blocks.
template <class List>
inline constexpr bool for_blocking_actor = false;
template <class Self, class... Ps>
inline constexpr bool for_blocking_actor<param_list<Self*, Ps...>> =
    std::derived_from<Self, caf::blocking_actor>;

/// Something with one owner would be gone after the first start.
template <class... Ps>
consteval bool parameters_are_kept(param_list<Ps...>) {
  return (std::copy_constructible<travel_form<Ps>> && ...);
}

template <class F, class... Args>
kept_spawn keep_function(F&& f, Args&&... args) {
  using function = std::decay_t<F>;
  using params =
      typename without_self<typename parameters_of<function>::list>::list;
  constexpr bool has_behavior =
      !for_blocking_actor<typename parameters_of<function>::list>;
  constexpr bool fit = arguments_fit(params{}, param_list<Args...>{});
  constexpr bool kept = parameters_are_kept(params{});
  static_assert(fit, "ramet: the actor's function cannot be called with these "
                     "arguments");
  static_assert(kept, "ramet: an argument of a supervised actor must be "
                      "copyable: it is needed again at a restart");
  if constexpr (fit && kept && parameters_travel(params{})) {
    return [&]<class... Ps>(param_list<Ps...>) {
      if constexpr (stateless<function>)
        return keep_call(&function_spawn<function, Ps...>::make,
                         std::tuple<travel_form<Ps>...>{
                             traveller<Ps>::pack(std::forward<Args>(args))...},
                         has_behavior);
      else
        return keep_call(&function_spawn<function, Ps...>::make,
                         std::tuple<travel_form<function>, travel_form<Ps>...>{
                             traveller<function>::pack(std::forward<F>(f)),
                             traveller<Ps>::pack(std::forward<Args>(args))...},
                         has_behavior);
    }(params{});
  } else {
    return {};
  }
}

template <class Actor, class... Args>
kept_spawn keep_class(Args&&... args) {
  using params = param_list<free_parameter<Args>...>;
  constexpr bool kept = parameters_are_kept(params{});
  static_assert(kept, "ramet: an argument of a supervised actor must be "
                      "copyable: it is needed again at a restart");
  if constexpr (kept && parameters_travel(params{}))
    return keep_call(
        &class_spawn<Actor, free_parameter<Args>...>::make,
        std::tuple<travel_form<free_parameter<Args>>...>{
            traveller<free_parameter<Args>>::pack(std::forward<Args>(args))...},
        std::derived_from<Actor, caf::scheduled_actor>);
  else
    return {};
}

} // namespace ramet::detail
