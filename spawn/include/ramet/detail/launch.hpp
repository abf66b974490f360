// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// From a call written in the parent to the same call made in the child.

#pragma once

#include <ramet/detail/call_plan.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/pack.hpp>
#include <ramet/process_options.hpp>

#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace ramet::detail {

/// What the parent keeps of a child process.
class child;

/// A call with its arguments, decoded in the child and ready to be made.
struct job {
  job() = default;
  job(const job&) = delete;
  job& operator=(const job&) = delete;
  virtual ~job() = default;
  virtual void run() = 0;
};

/// Makes the job out of the arguments' message. Which instantiation, the parent
/// says by its address: that is the identity of a callable.
using job_entry = std::unique_ptr<job> (*)(const incoming&);

/// Starts a process that makes the job and runs it.
std::shared_ptr<child> launch(process_options options, job_entry entry,
                              const outgoing& arguments);

template <class Callee, class... Params>
struct call_job final : job {
  using forms = std::conditional_t<
      stateless<Callee>, std::tuple<travel_form<Params>...>,
      std::tuple<travel_form<Callee>, travel_form<Params>...>>;

  explicit call_job(forms&& decoded) : values(std::move(decoded)) {}

  static std::unique_ptr<job> make(const incoming& message) {
    return make_of(message, std::type_identity<forms>{});
  }

  template <class... Forms>
  static std::unique_ptr<job>
  make_of(const incoming& message, std::type_identity<std::tuple<Forms...>>) {
    return std::make_unique<call_job>(forms{decode_message<Forms...>(message)});
  }

  void run() override {
    if constexpr (stateless<Callee>) {
      Callee callee{};
      std::apply([&](auto&... forms) { call<Params...>(callee, forms...); },
                 values);
    } else {
      std::apply(
          [](auto& first, auto&... forms) {
            auto&& callee = traveller<Callee>::unpack(first);
            call<Params...>(callee, forms...);
          },
          values);
    }
  }

  template <class... Ps, class F>
  static void call(F& callee, travel_form<Ps>&... forms) {
    if constexpr (std::is_invocable_v<F&, std::decay_t<Ps>...>)
      std::invoke(callee, traveller<Ps>::unpack(forms)...);
    else
      std::invoke(std::move(callee), traveller<Ps>::unpack(forms)...);
  }

  forms values;
};

template <class... Packed>
std::shared_ptr<child> launch_packed(process_options options, job_entry entry,
                                     const std::tuple<Packed...>& values) {
  return std::apply(
      [&](const auto&... forms) {
        std::tuple<const std::remove_cvref_t<decltype(forms)>&...> references{
            forms...};
        return launch(std::move(options), entry,
                      make_outgoing_pack(references));
      },
      values);
}

/// Encodes the call and starts the child.
template <class F, class... Args>
std::shared_ptr<child> launch_call(process_options options, F&& f,
                                   Args&&... args) {
  using plan = call_plan<std::decay_t<F>, Args...>;
  if constexpr (plan::check()) {
    return [&]<class... Params>(param_list<Params...>) {
      using callee = std::decay_t<F>;
      if constexpr (stateless<callee>) {
        std::tuple<packed<Params, Args>...> values{
            traveller<Params>::pack(std::forward<Args>(args))...};
        return launch_packed(std::move(options),
                             &call_job<callee, Params...>::make, values);
      } else {
        std::tuple<packed<callee, F>, packed<Params, Args>...> values{
            traveller<callee>::pack(std::forward<F>(f)),
            traveller<Params>::pack(std::forward<Args>(args))...};
        return launch_packed(std::move(options),
                             &call_job<callee, Params...>::make, values);
      }
    }(typename plan::params{});
  } else {
    return nullptr; // plan::check() has said what is wrong
  }
}

} // namespace ramet::detail
