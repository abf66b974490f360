// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// One call in a process of its own, with its result.

#pragma once

#include <ramet/detail/async_state.hpp>
#include <ramet/detail/serializable.hpp>
#include <ramet/future.hpp>
#include <ramet/process.hpp>
#include <ramet/process_options.hpp>

#include <type_traits>
#include <utility>

namespace ramet {

/// Starts a process that runs `f(args...)`, as `process` does, and returns the
/// future of what that returns. The options choose its name, daemon, start
/// method, program and setup; of its standard streams none can be a pipe.
///
/// @code
/// double slow(int x);
///
/// ramet::future<double> y = ramet::async(slow, 3);
/// ramet::future<double> z = ramet::async({.name = "worker-1"}, slow, 4);
/// std::cout << y.get() + z.get() << '\n';
/// @endcode
///
/// What travels back is the value: a returned reference is copied. Handles may
/// be returned, too. When the result is there, the process has let go of the
/// arguments; it may still be about to end.
///
/// get() throws task_failure with the type, message and backtrace of what the
/// function threw (the process itself prints nothing then, and exits with 0),
/// or with how the process ended, if it was killed or called exit(). cancel()
/// kills it. The callbacks of then() that are not called at once are called
/// when the process has ended, by a thread that does nothing else.
///
/// Dropping the future does not end the process; the runtime waits for it at
/// the end, and then for the callbacks. A daemon is terminated instead, which
/// is no failure if its future was dropped.
///
/// Does not wait: returns as soon as the process is launched. Thread-safe.
/// @throws error as the constructor of process does, and resource_exhausted for
///   the way back; no process is left then
template <class F, class... Args>
auto async(process_options options, F&& f, Args&&... args) {
  using result = detail::call_result_t<F, Args...>;
  using form = detail::result_form<result>;
  constexpr bool callable =
      detail::call_plan<std::decay_t<F>, Args...>::check();
  detail::require_serializable<form>();
  if constexpr (callable && detail::travels<form>)
    return detail::make_future(detail::start_async<result>(
        std::move(options), std::forward<F>(f), std::forward<Args>(args)...));
  else
    return future<result>{}; // an assertion has said what is wrong
}

/// The same, with all options as they are by default.
template <detail::callee F, class... Args>
auto async(F&& f, Args&&... args) {
  return ramet::async(process_options{}, std::forward<F>(f),
                      std::forward<Args>(args)...);
}

} // namespace ramet
