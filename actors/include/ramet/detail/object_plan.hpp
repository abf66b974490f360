// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Whether a call of a managed object can be made, and which types its
/// arguments travel as: all decided at compile time, in the caller.

#pragma once

#include <ramet/detail/call_plan.hpp>
#include <ramet/detail/serializable.hpp>

#include <concepts>
#include <type_traits>
#include <utility>
#include <variant>

namespace ramet::detail {

// -- what of the object is meant ----------------------------------------------
// Each has `key`, which travels, and `find(object, key)`, which returns a
// reference or throws object_refusal.

struct whole_object {
  using key = std::monostate;
  template <class T>
  static T& find(T& object, key&) {
    return object;
  }
};

template <class T, class Where>
using element_of = std::remove_reference_t<decltype(Where::find(
    std::declval<T&>(), std::declval<typename Where::key&>()))>;

// -- what is called -----------------------------------------------------------

/// A function's parameters, but for the object; and whether it has the object
/// by value.
template <class List>
struct without_object {
  static constexpr bool any = false;
};
template <class P, class... Ps>
struct without_object<param_list<P, Ps...>> {
  static constexpr bool any = true;
  static constexpr bool by_value = !std::is_reference_v<P>;
  using list = param_list<Ps...>;
};

template <class Callee, class T, class... Params>
using call_on_result =
    std::decay_t<std::invoke_result_t<Callee&, T&, std::decay_t<Params>...>>;

template <class T, class Callee, class... Args>
struct object_plan {
  using free = param_list<free_parameter<Args>...>;

  template <class... Ps>
  static consteval bool fits(param_list<Ps...>) {
    return sizeof...(Ps) == sizeof...(Args);
  }

  static consteval auto choose() {
    if constexpr (!parameters_of<Callee>::known) {
      return free{};
    } else {
      using fixed = typename parameters_of<Callee>::list;
      if constexpr (std::is_member_function_pointer_v<Callee>) {
        return fixed{};
      } else if constexpr (without_object<fixed>::any) {
        using rest = typename without_object<fixed>::list;
        if constexpr (fits(rest{}) || !std::is_class_v<Callee>)
          return rest{};
        else
          return free{};
      } else {
        return free{};
      }
    }
  }
  using params = decltype(choose());
  using rules = argument_rules<params, Args...>;

  template <class... Ps>
  static consteval bool callable(param_list<Ps...>) {
    if constexpr (!rules::convertible())
      return false;
    else
      return std::invocable<Callee&, T&, std::remove_cvref_t<Ps>...>;
  }
  template <class... Ps>
  static consteval auto find_result(param_list<Ps...>) {
    return std::type_identity<call_on_result<Callee, T, Ps...>>{};
  }
  template <class R>
  static consteval bool require_result(std::type_identity<R>) {
    using form = std::conditional_t<std::is_void_v<R>, std::monostate, R>;
    require_serializable<form>();
    return travels<form>;
  }
  /// It would change a copy.
  static consteval bool changes_are_lost() {
    if constexpr (parameters_of<Callee>::known
                  && !std::is_member_function_pointer_v<Callee>) {
      using fixed = without_object<typename parameters_of<Callee>::list>;
      if constexpr (fixed::any)
        return fixed::by_value;
    }
    return false;
  }

  /// Says in one line what is wrong, if something is, and then is false.
  static consteval bool check() {
    constexpr params list{};
    if constexpr (rules::any_reference()) {
      static_assert(!rules::any_reference(),
                    "ramet: the function takes an argument by reference: it "
                    "runs in the manager's process, changes would not come "
                    "back; take it by value or const&, and return what is new");
      return false;
    } else if constexpr (rules::any_unmoved()) {
      static_assert(!rules::any_unmoved(),
                    "ramet: an argument has one owner and cannot be copied: "
                    "give it away with std::move");
      return false;
    } else if constexpr (!callable(list)) {
      static_assert(callable(list),
                    "ramet: the function cannot be called with this object "
                    "and these arguments");
      return false;
    } else if constexpr (changes_are_lost()) {
      static_assert(!changes_are_lost(),
                    "ramet: the function takes the object by value, and would "
                    "change a copy: take it by reference, or const&");
      return false;
    } else {
      return require_callee<Callee>() && rules::require_forms()
             && require_result(find_result(list));
    }
  }

  static consteval auto find() {
    if constexpr (callable(params{}))
      return find_result(params{});
    else
      return std::type_identity<void>{};
  }
  /// What the call returns, decayed; void if it cannot be made.
  using result = typename decltype(find())::type;
};

} // namespace ramet::detail
