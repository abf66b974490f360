// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What must hold of any call that travels, whatever is called and wherever.
/// Each kind of call has a plan, which asks here and says in its own words what
/// is wrong.

#pragma once

#include <ramet/detail/serializable.hpp>
#include <ramet/detail/traveller.hpp>

#include <concepts>
#include <type_traits>

namespace ramet::detail {

template <class... Params>
struct param_list {};

// -- the callee ---------------------------------------------------------------

/// Lambdas without captures, and functors like them: made anew in the child.
template <class Callee>
concept stateless = std::is_class_v<Callee> && std::is_empty_v<
    Callee> && std::is_default_constructible_v<Callee>;

/// Says in one line why not, if one of the values cannot travel, and then is
/// false.
template <class... Params>
consteval bool require_travel() {
  (require_serializable<travel_form<Params>>(), ...);
  return (travels<travel_form<Params>> && ...);
}

/// The same for what is called.
template <class Callee>
consteval bool require_callee() {
  if constexpr (stateless<Callee>)
    return true;
  else
    return require_travel<Callee>();
}

// -- its arguments ------------------------------------------------------------

template <class Param>
inline constexpr bool wants_reference =
    std::is_lvalue_reference_v<
        Param> && !std::is_const_v<std::remove_reference_t<Param>>;

template <class T>
concept move_only = std::move_constructible<T> && !std::copy_constructible<T>;

/// True when Arg would do if only it were moved.
template <class Param, class Arg, class Value = std::remove_cvref_t<Arg>>
concept must_be_moved = std::is_lvalue_reference_v<Arg> && move_only<
    Value> && std::same_as<Value, std::remove_cvref_t<Param>>;

/// What holds of arguments for these parameters.
template <class Params, class... Args>
struct argument_rules;

template <class... Ps, class... Args>
struct argument_rules<param_list<Ps...>, Args...> {
  static constexpr bool as_many = sizeof...(Ps) == sizeof...(Args);

  static consteval bool any_reference() { return (wants_reference<Ps> || ...); }

  static consteval bool any_unmoved() {
    if constexpr (as_many)
      return (must_be_moved<Ps, Args> || ...);
    else
      return false;
  }

  static consteval bool convertible() {
    if constexpr (as_many)
      return (std::convertible_to<Args, std::remove_cvref_t<Ps>> && ...);
    else
      return false;
  }

  static consteval bool require_forms() { return require_travel<Ps...>(); }
};

} // namespace ramet::detail
