// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A call that is kept, to be sent several times.

#pragma once

#include <ramet/detail/call_plan.hpp>
#include <ramet/detail/launch.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/pack.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace ramet::detail {

/// Copies share the arguments.
struct kept_call {
  /// Gets the code that makes the job, null if there is no call, and the
  /// message with the arguments.
  using user = std::function<void(job_entry, const outgoing&)>;

  void encode(const user& use) const {
    if (send)
      send(use);
    else
      use(nullptr, outgoing{});
  }

  std::function<void(const user&)> send;
};

template <class... Forms>
kept_call keep_forms(job_entry entry, std::tuple<Forms...>&& values) {
  auto kept = std::make_shared<const std::tuple<Forms...>>(std::move(values));
  return {[entry, kept](const kept_call::user& use) {
    std::apply(
        [&](const Forms&... forms) {
          std::tuple<const Forms&...> references{forms...};
          use(entry, make_outgoing_pack(references));
        },
        *kept);
  }};
}

/// @throws error, what packing the arguments throws
template <class F, class... Args>
kept_call keep_call(F&& f, Args&&... args) {
  using callee = std::decay_t<F>;
  using plan = call_plan<callee, Args...>;
  if constexpr (plan::check()) {
    return [&]<class... Params>(param_list<Params...>) -> kept_call {
      constexpr bool copyable =
          (std::copy_constructible<travel_form<Params>> && ...);
      static_assert(copyable,
                    "ramet: an argument of an initializer must be copyable: it "
                    "is sent to each worker");
      if constexpr (!copyable)
        return {};
      else if constexpr (stateless<callee>)
        return keep_forms(
            &call_job<callee, Params...>::make,
            std::tuple<travel_form<Params>...>{
                traveller<Params>::pack(std::forward<Args>(args))...});
      else
        return keep_forms(
            &call_job<callee, Params...>::make,
            std::tuple<travel_form<callee>, travel_form<Params>...>{
                traveller<callee>::pack(std::forward<F>(f)),
                traveller<Params>::pack(std::forward<Args>(args))...});
    }(typename plan::params{});
  } else {
    return {};
  }
}

} // namespace ramet::detail
