// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Choosing a handler by the type of the message that waits.

#pragma once

#include <ramet/codec.hpp>
#include <ramet/detail/message.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace ramet::detail {

/// What a callable with one call operator takes and returns.
template <class F>
struct signature : signature<decltype(&F::operator())> {};
template <class R, class... Args>
struct signature<R(Args...)> {
  using result = R;
  using arguments = std::tuple<std::remove_cvref_t<Args>...>;

  static const type_info& type() { return type_id_of<Args...>(); }
  static arguments decode(const incoming& message) {
    if constexpr (sizeof...(Args) == 1)
      return arguments{decode_message<Args...>(message)};
    else
      return decode_message<Args...>(message);
  }
};
template <class R, class... Args>
struct signature<R (*)(Args...)> : signature<R(Args...)> {};
template <class R, class... Args>
struct signature<R (*)(Args...) noexcept> : signature<R(Args...)> {};
template <class R, class C, class... Args>
struct signature<R (C::*)(Args...)> : signature<R(Args...)> {};
template <class R, class C, class... Args>
struct signature<R (C::*)(Args...) const> : signature<R(Args...)> {};
template <class R, class C, class... Args>
struct signature<R (C::*)(Args...) noexcept> : signature<R(Args...)> {};
template <class R, class C, class... Args>
struct signature<R (C::*)(Args...) const noexcept> : signature<R(Args...)> {};

template <class Handler>
using signature_of = signature<std::decay_t<Handler>>;

template <class... Handlers>
using common_result_t =
    typename std::common_type<typename signature_of<Handlers>::result...>::type;

/// A choice among handlers: first decode for the one that fits, then call it.
template <class... Handlers>
class overloads {
public:
  explicit overloads(Handlers&... handlers) : handlers_(handlers...) {}

  /// Decodes for the first handler of the message's type; false: none fits.
  bool decode(const incoming& message) {
    return decode(message, std::index_sequence_for<Handlers...>{});
  }
  /// Calls the handler that decode() chose.
  common_result_t<Handlers...> call() { return call_from<0>(); }

  /// What the handlers take, for an error message.
  static std::string names() {
    std::string result;
    auto add = [&](std::string_view name) {
      result.append(result.empty() ? "" : " or ").append(name);
    };
    (add(signature_of<Handlers>::type().name), ...);
    return result;
  }

private:
  template <std::size_t... I>
  bool decode(const incoming& message, std::index_sequence<I...>) {
    return (try_decode<I>(message) || ...);
  }
  template <std::size_t I>
  bool try_decode(const incoming& message) {
    using handler = signature_of<std::tuple_element_t<I, tuple>>;
    if (message.type != handler::type().id)
      return false;
    arguments_.template emplace<I + 1>(handler::decode(message));
    return true;
  }
  template <std::size_t I>
  common_result_t<Handlers...> call_from() {
    if constexpr (I + 1 < sizeof...(Handlers))
      if (arguments_.index() != I + 1)
        return call_from<I + 1>();
    return std::apply(std::get<I>(handlers_),
                      std::move(std::get<I + 1>(arguments_)));
  }

  using tuple = std::tuple<Handlers...>;
  std::tuple<Handlers&...> handlers_;
  std::variant<std::monostate, typename signature_of<Handlers>::arguments...>
      arguments_;
};

} // namespace ramet::detail
