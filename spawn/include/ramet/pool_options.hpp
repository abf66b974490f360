// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What can be chosen of a pool, and of its tasks.

#pragma once

#include <ramet/detail/kept_call.hpp>
#include <ramet/process_setup.hpp>
#include <ramet/progress.hpp>
#include <ramet/start_method.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace ramet {

/// A call that each worker makes before its first task: a function, or a
/// function with its arguments in braces.
///
/// @code
/// ramet::pool pool{{.initializer = {load_model, "model.bin"}}};
/// @endcode
///
/// The arguments must be copyable: they are sent to each worker that starts.
/// What the call throws ends the worker; see pool_options::initializer. A
/// value: copies share the arguments.
class pool_initializer {
public:
  /// None.
  pool_initializer() = default;
  /// Calls nothing yet. @throws what converting the arguments throws
  template <class F, class... Args>
  requires(!std::same_as<std::remove_cvref_t<F>, pool_initializer>)
      // NOLINTNEXTLINE(google-explicit-constructor): stands for the call
      pool_initializer(F&& f, Args&&... args)
      : call_(
          detail::keep_call(std::forward<F>(f), std::forward<Args>(args)...)) {}

  /// For the pool.
  void encode(const detail::kept_call::user& use) const { call_.encode(use); }

private:
  detail::kept_call call_;
};

/// The argument of `pool`, in braces; all members have defaults.
///
/// @code
/// ramet::pool pool{{.workers = 4, .max_tasks_per_worker = 100}};
/// @endcode
struct pool_options {
  /// How many worker processes; 0: as many as there are processors that this
  /// process may use.
  std::size_t workers = 0;
  /// If workers keep failing here, the pool is broken: all its futures fail,
  /// with the reason.
  pool_initializer initializer = {};
  /// A worker ends after so many tasks, and another takes its place; 0: no
  /// limit.
  std::size_t max_tasks_per_worker = 0;
  /// Workers are called "NAME-worker-1" and so on. Empty: "pool-1" and so on.
  std::string name = {};
  /// Each worker runs on one processor only, in turn.
  bool pin = false;
  /// Not set: default_start_method(). Workers that are threads cannot be ended
  /// while they run a task: timeouts are refused, what is cancelled runs on and
  /// its result is dropped, and a pool that ends leaves such a worker behind.
  std::optional<start_method> start = {};
  /// Keeps when each task ran, and where; see pool::timeline(). Some 40 bytes
  /// for each task.
  bool timeline = false;
  /// Of each worker; no pipes. Limits are for all that a worker does in its
  /// life, not for one task: one that hits a limit fails its task, with words
  /// that say so, and another worker takes its place.
  process_setup setup = {};
};

/// What can be asked for a task, as the first argument of pool::submit(), in
/// braces.
struct task_options {
  /// How long it may run; 0: as long as it takes. Then its worker is killed and
  /// replaced, and the task fails with errc::timed_out. Counts from when a
  /// worker begins it. Submitting throws errc::protocol if workers are threads.
  std::chrono::nanoseconds timeout{0};
  /// How often it is tried again when its worker dies, or its time is over. Not
  /// when it throws. The arguments are kept for that, so they must be copyable.
  unsigned retries = 0;
};

/// What can be asked for many, as the last argument of pool::map() and others,
/// in braces.
struct map_options {
  /// How many inputs make a task; 0: so many that each worker gets some four
  /// tasks, but no more than 1024; one if their number is not known in advance.
  /// When a worker dies, all inputs of its task are concerned.
  std::size_t chunk = 0;
  /// See task_options. Of each task with all its inputs: give `chunk`, too.
  std::chrono::nanoseconds timeout{0};
  unsigned retries = 0; ///< see task_options; of each task
  /// Told what is done each time some is: progress_bar(), or a function of
  /// yours. One call at a time: first by the caller, before any task is sent,
  /// then by whatever thread receives results, yours or one of the library.
  progress_function progress = {};
};

/// As the last argument of pool::imap() and imap_unordered(), in braces.
struct imap_options {
  /// How many inputs may be taken for which no result was handed out yet; 0:
  /// twice as many as there are workers, in chunks.
  std::size_t window = 0;
  std::size_t chunk = 1;               ///< see map_options; 0 is 1
  std::chrono::nanoseconds timeout{0}; ///< see map_options; of each task
  unsigned retries = 0;                ///< see task_options; of each task
  progress_function progress = {};     ///< see map_options; total may be 0
};

} // namespace ramet
