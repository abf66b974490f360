// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Whether an actor can be made elsewhere of a function or a class, and which
/// types its arguments travel as: all decided at compile time, in the caller.

#pragma once

#include <ramet/detail/call_plan.hpp>
#include <ramet/detail/call_rules.hpp>

#include <caf/abstract_actor.hpp>
#include <caf/actor_config.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace ramet::detail {

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

template <class F, class... Args>
struct function_plan {
  using params = typename without_self<typename parameters_of<F>::list>::list;
  using rules = argument_rules<params, Args...>;

  /// Says in one line what is wrong, if something is, and then is false.
  static consteval bool check() {
    if constexpr (rules::any_reference()) {
      static_assert(!rules::any_reference(),
                    "ramet: the actor's function takes an argument by "
                    "reference: the actor gets a value of its own, changes "
                    "would not come back; take it by value or const&, and send "
                    "what is new in a message");
      return false;
    } else if constexpr (rules::any_unmoved()) {
      static_assert(!rules::any_unmoved(),
                    "ramet: an argument has one owner and cannot be copied: "
                    "give it away with std::move");
      return false;
    } else if constexpr (!rules::convertible()) {
      static_assert(rules::convertible(),
                    "ramet: the actor's function cannot be called with these "
                    "arguments");
      return false;
    } else {
      return require_callee<F>() && rules::require_forms();
    }
  }
};

/// What a constructor gets for a parameter.
template <class Param>
using unpacked =
    decltype(traveller<Param>::unpack(std::declval<travel_form<Param>&>()));

template <class Actor, class... Args>
struct class_plan {
  using params = param_list<free_parameter<Args>...>;
  using rules = argument_rules<params, Args...>;

  static consteval bool constructible() {
    return std::constructible_from<Actor, caf::actor_config&,
                                   unpacked<free_parameter<Args>>...>;
  }

  /// As above.
  static consteval bool check() {
    if constexpr (rules::any_unmoved()) {
      static_assert(!rules::any_unmoved(),
                    "ramet: an argument has one owner and cannot be copied: "
                    "give it away with std::move");
      return false;
    } else if constexpr (!rules::require_forms()) {
      return false;
    } else {
      static_assert(constructible(),
                    "ramet: the actor's class has no constructor for these "
                    "arguments, by value");
      return constructible();
    }
  }
};

} // namespace ramet::detail
