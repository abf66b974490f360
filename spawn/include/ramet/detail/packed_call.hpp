// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A callee and its arguments on their way: packed by the caller, decoded where
/// the call is made.

#pragma once

#include <ramet/detail/call_rules.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/pack.hpp>
#include <ramet/detail/traveller.hpp>

#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace ramet::detail {

// -- in the caller ------------------------------------------------------------

/// The arguments as they are encoded. Refers to those that travel as they are.
template <class... Params, class... Args>
auto pack_arguments(param_list<Params...>, Args&&... args) {
  return std::tuple<packed<Params, Args>...>{
      traveller<Params>::pack(std::forward<Args>(args))...};
}

/// The callee, if there is anything of it to travel, and the arguments.
template <class... Params, class F, class... Args>
auto pack_call(param_list<Params...> params, F&& f, Args&&... args) {
  using callee = std::decay_t<F>;
  if constexpr (stateless<callee>)
    return pack_arguments(params, std::forward<Args>(args)...);
  else
    return pack_arguments(param_list<callee, Params...>{}, std::forward<F>(f),
                          std::forward<Args>(args)...);
}

/// Calls `send(outgoing)` with a message of `lead` and then `values`.
template <class Send, class... Lead, class... Packed>
decltype(auto) send_packed(Send&& send, const std::tuple<const Lead&...>& lead,
                           const std::tuple<Packed...>& values) {
  return std::apply(
      [&](const auto&... forms) -> decltype(auto) {
        auto references = std::tuple_cat(lead, std::tie(forms...));
        return send(make_outgoing_pack(references));
      },
      values);
}

// -- where it is made ---------------------------------------------------------

template <class... Forms>
std::tuple<Forms...> decode_forms(const incoming& message,
                                  std::type_identity<std::tuple<Forms...>>) {
  return std::tuple<Forms...>{decode_message<Forms...>(message)};
}

template <class Callee, class... Params>
struct packed_call {
  using forms = std::conditional_t<
      stateless<Callee>, std::tuple<travel_form<Params>...>,
      std::tuple<travel_form<Callee>, travel_form<Params>...>>;

  /// Calls `use(callee, argument forms...)`.
  template <class Use>
  static decltype(auto) open(forms& values, Use&& use) {
    if constexpr (stateless<Callee>) {
      Callee callee{};
      return std::apply(
          [&](travel_form<Params>&... one) -> decltype(auto) {
            return use(callee, one...);
          },
          values);
    } else {
      return std::apply(
          [&](travel_form<Callee>& first,
              travel_form<Params>&... others) -> decltype(auto) {
            auto&& callee = traveller<Callee>::unpack(first);
            return use(callee, others...);
          },
          values);
    }
  }

  /// Makes the call: once, as it may move the arguments away.
  static decltype(auto) make(forms& values) {
    return open(
        values,
        [](auto& callee, travel_form<Params>&... arguments) -> decltype(auto) {
          return call(callee, arguments...);
        });
  }

private:
  template <class F>
  static decltype(auto) call(F& callee, travel_form<Params>&... values) {
    if constexpr (std::is_invocable_v<F&, std::decay_t<Params>...>)
      return std::invoke(callee, traveller<Params>::unpack(values)...);
    else
      return std::invoke(std::move(callee),
                         traveller<Params>::unpack(values)...);
  }
};

} // namespace ramet::detail
