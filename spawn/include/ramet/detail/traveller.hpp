// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// How one argument of a call travels.

#pragma once

#include <ramet/detail/code_address.hpp>

#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ramet::detail {

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

} // namespace ramet::detail
