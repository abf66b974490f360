// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A spawn that can be made any number of times: its arguments are kept.

#pragma once

#include <ramet/detail/remote_spawn.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace ramet::detail {

/// Takes a spawn as it travels, and has an actor made of it.
using spawn_sender = std::function<void(spawn_entry, const outgoing&)>;

/// Calls the sender, with the same arguments each time. Handles among them are
/// held for as long as this lives.
using kept_spawn = std::function<void(const spawn_sender&)>;

/// Something with one owner would be gone after the first start.
template <class... Params>
consteval bool require_kept(param_list<Params...>) {
  constexpr bool kept = (std::copy_constructible<travel_form<Params>> && ...);
  static_assert(kept, "ramet: an argument of a supervised actor must be "
                      "copyable: it is needed again at a restart");
  return kept;
}

template <class Callee>
consteval bool require_kept_callee() {
  if constexpr (stateless<Callee>)
    return true;
  else
    return require_kept(param_list<Callee>{});
}

/// For the use of pack_..._spawn().
struct keep_packed {
  template <class... Packed>
  kept_spawn operator()(spawn_entry entry,
                        std::tuple<Packed...>&& values) const {
    using forms = std::tuple<std::remove_cvref_t<Packed>...>;
    return [entry, kept = std::make_shared<const forms>(std::move(values))](
               const spawn_sender& send) { as_message(send)(entry, *kept); };
  }
};

template <class F, class... Args>
kept_spawn keep_function(F&& f, Args&&... args) {
  using function = std::decay_t<F>;
  using params = typename function_plan<function, Args...>::params;
  if constexpr (require_kept_callee<function>() && require_kept(params{}))
    return pack_function_spawn<kept_spawn>(keep_packed{}, std::forward<F>(f),
                                           std::forward<Args>(args)...);
  else
    return {};
}

template <class Actor, class... Args>
kept_spawn keep_class(Args&&... args) {
  if constexpr (require_kept(typename class_plan<Actor, Args...>::params{}))
    return pack_class_spawn<kept_spawn, Actor>(keep_packed{},
                                               std::forward<Args>(args)...);
  else
    return {};
}

} // namespace ramet::detail
