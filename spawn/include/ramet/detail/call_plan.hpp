// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Which types a call's arguments travel as, and whether the call can be made:
/// all decided at compile time, in the caller.

#pragma once

#include <ramet/detail/call_rules.hpp>

#include <concepts>
#include <string>
#include <type_traits>

namespace ramet::detail {

// -- what is called -----------------------------------------------------------

/// The parameter list of a function or function pointer type, if fixed.
template <class F>
struct parameters_of {
  static constexpr bool known = false;
};

template <class R, class... Ps>
struct parameters_of<R (*)(Ps...)> {
  static constexpr bool known = true;
  using list = param_list<Ps...>;
};
template <class R, class... Ps>
struct parameters_of<R (*)(Ps...) noexcept> : parameters_of<R (*)(Ps...)> {};

#define RAMET_MEMBER_PARAMETERS(QUALIFIERS)                                    \
  template <class R, class C, class... Ps>                                     \
  struct parameters_of<R (C::*)(Ps...) QUALIFIERS>                             \
      : parameters_of<R (*)(Ps...)> {};                                        \
  template <class R, class C, class... Ps>                                     \
  struct parameters_of<R (C::*)(Ps...) QUALIFIERS noexcept>                    \
      : parameters_of<R (*)(Ps...)> {};
RAMET_MEMBER_PARAMETERS()
RAMET_MEMBER_PARAMETERS(const)
RAMET_MEMBER_PARAMETERS(volatile)
RAMET_MEMBER_PARAMETERS(const volatile)
RAMET_MEMBER_PARAMETERS(&)
RAMET_MEMBER_PARAMETERS(const&)
RAMET_MEMBER_PARAMETERS(&&)
RAMET_MEMBER_PARAMETERS(const&&)
#undef RAMET_MEMBER_PARAMETERS

template <class F>
requires requires {
  &F::operator();
}
struct parameters_of<F> : parameters_of<decltype(&F::operator())> {};

/// Where the callee fixes no parameter type: the argument's own, text as
/// std::string.
template <class Arg>
using free_parameter = std::conditional_t<
    std::is_same_v<std::decay_t<Arg>,
                   char*> || std::is_same_v<std::decay_t<Arg>, const char*>,
    std::string, std::decay_t<Arg>>;

/// What the parameters are taken to be, given these arguments.
template <class Callee, class... Args>
struct chosen_parameters {
  using free = param_list<free_parameter<Args>...>;

  template <class... Ps>
  static constexpr bool fits(param_list<Ps...>) {
    return sizeof...(Ps) == sizeof...(Args);
  }
  static constexpr auto choose() {
    if constexpr (!parameters_of<Callee>::known) {
      return free{};
    } else {
      using fixed = typename parameters_of<Callee>::list;
      // A functor's operator() may have default arguments.
      if constexpr (fits(fixed{}) || !std::is_class_v<Callee>)
        return fixed{};
      else
        return free{};
    }
  }
  using list = decltype(choose());
};

/// A member function: the object first, then its parameters.
template <class Callee, class Object, class... Args>
requires std::is_member_function_pointer_v<Callee>
struct chosen_parameters<Callee, Object, Args...> {
  template <class... Ps>
  static auto prepend(param_list<Ps...>)
      -> param_list<free_parameter<Object>, Ps...>;
  using list = decltype(prepend(
      typename chosen_parameters<Callee, param_list<Args...>>::list{}));
};
template <class Callee, class... Args>
requires std::is_member_function_pointer_v<Callee>
struct chosen_parameters<Callee, param_list<Args...>> {
  using list = typename parameters_of<Callee>::list;
};

template <class Callee, class... Args>
struct call_plan {
  using params = typename chosen_parameters<Callee, Args...>::list;
  using rules = argument_rules<params, Args...>;

  template <class... Ps>
  static consteval bool callable(param_list<Ps...>) {
    if constexpr (!rules::convertible())
      return false;
    else
      return std::invocable<
                 Callee&,
                 std::remove_cvref_t<
                     Ps>...> || std::invocable<Callee, std::remove_cvref_t<Ps>...>;
  }

  /// Says in one line what is wrong, if something is, and then is false.
  static consteval bool check() {
    if constexpr (rules::any_reference()) {
      static_assert(!rules::any_reference(),
                    "ramet: the function takes a reference: a process has "
                    "memory of its own, changes would not come back; take it "
                    "by value or const&, or use shared_value or queue");
      return false;
    } else if constexpr (rules::any_unmoved()) {
      static_assert(!rules::any_unmoved(),
                    "ramet: an argument has one owner and cannot be copied: "
                    "give it away with std::move");
      return false;
    } else if constexpr (!callable(params{})) {
      static_assert(callable(params{}),
                    "ramet: the function cannot be called with these "
                    "arguments");
      return false;
    } else {
      return require_callee<Callee>() && rules::require_forms();
    }
  }
};

} // namespace ramet::detail
