// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// From a call written in the parent to the same call made in the child.

#pragma once

#include <ramet/detail/call_plan.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/packed_call.hpp>
#include <ramet/process_options.hpp>

#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace ramet::detail {

/// What the parent keeps of a child process.
class child;
struct standard_pipes;

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

/// The near ends of its standard streams; null if there are none, or somebody
/// has taken them.
std::unique_ptr<standard_pipes> take_pipes(child& one);

/// For those who start processes and hand out no `process` to use the pipes of.
/// @param attempted "making a pool" @throws error protocol
void require_no_pipes(const process_setup& wanted, const char* attempted);

/// The job of a process: the call alone, whatever it returns.
template <class Callee, class... Params>
struct call_job final : job {
  using packed = packed_call<Callee, Params...>;

  explicit call_job(typename packed::forms&& decoded)
      : values(std::move(decoded)) {}

  static std::unique_ptr<job> make(const incoming& message) {
    return std::make_unique<call_job>(
        decode_forms(message, std::type_identity<typename packed::forms>{}));
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
    return [&]<class... Params>(param_list<Params...> params) {
      constexpr job_entry entry =
          Jobs::template entry<std::decay_t<F>, Params...>;
      return send_packed(
          [&](const outgoing& arguments) {
            return launch(std::move(options), entry, arguments);
          },
          lead,
          pack_call(params, std::forward<F>(f), std::forward<Args>(args)...));
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
