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

/// A callee and its arguments, as they travel and as they are called.
template <class Callee, class... Params>
struct packed_call {
  using forms = std::conditional_t<
      stateless<Callee>, std::tuple<travel_form<Params>...>,
      std::tuple<travel_form<Callee>, travel_form<Params>...>>;

  /// Makes the call: once, as it may move the arguments away.
  static decltype(auto) make(forms& values) {
    if constexpr (stateless<Callee>) {
      Callee callee{};
      return std::apply(
          [&](auto&... one) -> decltype(auto) {
            return call<Params...>(callee, one...);
          },
          values);
    } else {
      return std::apply(
          [](auto& first, auto&... others) -> decltype(auto) {
            auto&& callee = traveller<Callee>::unpack(first);
            return call<Params...>(callee, others...);
          },
          values);
    }
  }

  template <class... Ps, class F>
  static decltype(auto) call(F& callee, travel_form<Ps>&... values) {
    if constexpr (std::is_invocable_v<F&, std::decay_t<Ps>...>)
      return std::invoke(callee, traveller<Ps>::unpack(values)...);
    else
      return std::invoke(std::move(callee), traveller<Ps>::unpack(values)...);
  }
};

/// The job of a process: the call alone, whatever it returns.
template <class Callee, class... Params>
struct call_job final : job {
  using packed = packed_call<Callee, Params...>;

  explicit call_job(typename packed::forms&& decoded)
      : values(std::move(decoded)) {}

  static std::unique_ptr<job> make(const incoming& message) {
    return make_of(message, std::type_identity<typename packed::forms>{});
  }

  template <class... Forms>
  static std::unique_ptr<job>
  make_of(const incoming& message, std::type_identity<std::tuple<Forms...>>) {
    return std::make_unique<call_job>(
        std::tuple<Forms...>{decode_message<Forms...>(message)});
  }

  void run() override { packed::make(values); }

  typename packed::forms values;
};

/// Encodes a call, after what leads its job's message, and starts the child.
/// `Jobs::entry<Callee, Params...>` is the job that the child makes of it.
template <class Jobs, class... Lead, class F, class... Args>
std::shared_ptr<child> launch_job(process_options options,
                                  std::tuple<const Lead&...> lead, F&& f,
                                  Args&&... args) {
  using plan = call_plan<std::decay_t<F>, Args...>;
  if constexpr (plan::check()) {
    auto launch_packed = [&](job_entry entry, const auto& values) {
      return std::apply(
          [&](const auto&... forms) {
            auto references = std::tuple_cat(lead, std::tie(forms...));
            return launch(std::move(options), entry,
                          make_outgoing_pack(references));
          },
          values);
    };
    return [&]<class... Params>(param_list<Params...>) {
      using callee = std::decay_t<F>;
      constexpr job_entry entry = Jobs::template entry<callee, Params...>;
      if constexpr (stateless<callee>) {
        std::tuple<packed<Params, Args>...> values{
            traveller<Params>::pack(std::forward<Args>(args))...};
        return launch_packed(entry, values);
      } else {
        std::tuple<packed<callee, F>, packed<Params, Args>...> values{
            traveller<callee>::pack(std::forward<F>(f)),
            traveller<Params>::pack(std::forward<Args>(args))...};
        return launch_packed(entry, values);
      }
    }(typename plan::params{});
  } else {
    return nullptr; // plan::check() has said what is wrong
  }
}

struct call_jobs {
  template <class Callee, class... Params>
  static constexpr job_entry entry = &call_job<Callee, Params...>::make;
};

/// Encodes the call and starts the child.
template <class F, class... Args>
std::shared_ptr<child> launch_call(process_options options, F&& f,
                                   Args&&... args) {
  return launch_job<call_jobs>(std::move(options), std::tuple<>{},
                               std::forward<F>(f), std::forward<Args>(args)...);
}

} // namespace ramet::detail
