// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Which types a call's arguments travel as, and whether the call can be made:
/// all decided at compile time, in the caller.

#pragma once

#include <ramet/detail/code_address.hpp>
#include <ramet/detail/serializable.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ramet::detail {

template <class... Params>
struct param_list {};

// -- how one argument travels ------------------------------------------------

/// For a parameter of type Param: packs an argument into the form that is
/// serialized, and in the child makes of that form what the callee gets.
template <class Param, class Value = std::remove_cvref_t<Param>>
struct traveller {
  using form = Value;
  template <class Arg>
  static decltype(auto) pack(Arg&& arg) {
    if constexpr (std::is_same_v<std::remove_cvref_t<Arg>, Value>)
      return static_cast<const Value&>(arg); // encoded in place, not copied
    else
      return static_cast<Value>(std::forward<Arg>(arg));
  }
  static Value&& unpack(form& value) { return std::move(value); }
};

template <class Param>
struct traveller<Param, std::string_view> {
  using form = std::string;
  template <class Arg>
  static std::string pack(Arg&& arg) {
    return std::string{static_cast<std::string_view>(arg)};
  }
  static std::string_view unpack(const form& value) { return value; }
};

template <class Param>
struct traveller<Param, const char*> {
  using form = std::string;
  template <class Arg>
  static std::string pack(Arg&& arg) {
    return std::string{static_cast<const char*>(arg)};
  }
  static const char* unpack(const form& value) { return value.c_str(); }
};

template <class Param, class Element>
struct traveller<Param, std::span<const Element>> {
  using form = std::vector<Element>;
  template <class Arg>
  static form pack(Arg&& arg) {
    auto view = static_cast<std::span<const Element>>(arg);
    return {view.begin(), view.end()};
  }
  static std::span<const Element> unpack(const form& value) { return value; }
};

template <class Param, class Function>
requires std::is_function_v<Function>
struct traveller<Param, Function*> {
  using form = portable_function<Function>;
  template <class Arg>
  static form pack(Arg&& arg) {
    return form::of(static_cast<Function*>(arg));
  }
  static Function* unpack(const form& value) { return value.get(); }
};

template <class Param, class Member>
requires std::is_member_function_pointer_v<Member>
struct traveller<Param, Member> {
  using form = portable_member<Member>;
  template <class Arg>
  static form pack(Arg&& arg) {
    return form::of(static_cast<Member>(arg));
  }
  static Member unpack(const form& value) { return value.get(); }
};

template <class Param>
using travel_form = typename traveller<Param>::form;

/// What pack() returns: a reference to the argument, or a value made of it.
template <class Param, class Arg>
using packed = decltype(traveller<Param>::pack(std::declval<Arg>()));

// -- what is called ----------------------------------------------------------

/// Lambdas without captures, and functors like them: made anew in the child.
template <class Callee>
concept stateless = std::is_class_v<Callee> && std::is_empty_v<
    Callee> && std::is_default_constructible_v<Callee>;

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

template <class Callee, class... Args>
struct call_plan {
  using params = typename chosen_parameters<Callee, Args...>::list;
  template <class Param>
  using value_of = std::remove_cvref_t<Param>;

  template <class... Ps>
  static consteval bool any_reference(param_list<Ps...>) {
    return (wants_reference<Ps> || ...);
  }

  template <class... Ps>
  static consteval bool any_unmoved(param_list<Ps...>) {
    if constexpr (sizeof...(Ps) == sizeof...(Args))
      return (must_be_moved<Ps, Args> || ...);
    else
      return false;
  }

  template <class... Ps>
  static consteval bool callable(param_list<Ps...>) {
    if constexpr (sizeof...(Ps) != sizeof...(Args))
      return false;
    else if constexpr (!(std::convertible_to<Args, value_of<Ps>> && ...))
      return false;
    else
      return std::invocable<
                 Callee&,
                 value_of<Ps>...> || std::invocable<Callee, value_of<Ps>...>;
  }

  template <class... Ps>
  static consteval bool require_forms(param_list<Ps...>) {
    (require_serializable<travel_form<Ps>>(), ...);
    return (travels<travel_form<Ps>> && ...);
  }

  static consteval bool require_callee() {
    if constexpr (stateless<Callee>)
      return true;
    else
      return require_forms(param_list<Callee>{});
  }

  /// Says in one line what is wrong, if something is, and then is false.
  static consteval bool check() {
    constexpr params list{};
    if constexpr (any_reference(list)) {
      static_assert(!any_reference(list),
                    "ramet: the function takes a reference: a process has "
                    "memory of its own, changes would not come back; take it "
                    "by value or const&, or use shared_value or queue");
      return false;
    } else if constexpr (any_unmoved(list)) {
      static_assert(!any_unmoved(list),
                    "ramet: an argument has one owner and cannot be copied: "
                    "give it away with std::move");
      return false;
    } else if constexpr (!callable(list)) {
      static_assert(callable(list),
                    "ramet: the function cannot be called with these "
                    "arguments");
      return false;
    } else {
      return require_callee() && require_forms(list);
    }
  }
};

} // namespace ramet::detail
