// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Worker processes that stay, and calls that are spread over them.

#pragma once

#include <ramet/detail/pool_imap.hpp>
#include <ramet/detail/pool_link.hpp>
#include <ramet/detail/pool_map.hpp>
#include <ramet/detail/pool_state.hpp>
#include <ramet/future.hpp>
#include <ramet/pool_options.hpp>
#include <ramet/pool_stats.hpp>
#include <ramet/shared_argument.hpp>
#include <ramet/timeline.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <ranges>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace ramet {

/// Runs calls in worker processes.
///
/// @code
/// double slow(int x);
///
/// ramet::pool pool{4};
/// std::vector<double> ys = pool.map(slow, std::views::iota(0, 1000));
/// for (double y : pool.imap(slow, endless_source, {.window = 8})) {}
/// auto f = pool.submit({.timeout = 5s, .retries = 2}, slow, 7);
/// double z = f.get() + pool.apply(slow, 3);
/// @endcode
///
/// What can be called and given is as for `process`; results can be whatever is
/// serializable, handles included. A function that throws fails its own call
/// only: with task_failure, as in `future`.
///
/// A worker that is killed, or calls exit(), takes the one task with it that it
/// had in hand: that is tried again if it has retries left, or fails with
/// task_failure, which says pid, signal and task. All others are done by the
/// rest, and a new worker takes its place. Tasks that wait are lost by no
/// worker's death.
///
/// Whoever waits for a result receives results himself. One thread, asleep
/// until it is needed, sees to what nobody waits for. Idle pools use no CPU.
///
/// Workers are daemons: at the end of this process's runtime they are ended,
/// whatever they have to do. They may have pools of their own.
///
/// Thread-safe, but for moving and destroying. Using a moved-from pool throws
/// `error` with errc::closed.
class pool {
public:
  /// Starts the workers; does not wait until they are there.
  /// @throws error protocol (no runtime), resource_exhausted, os_failure
  pool() : pool(pool_options{}) {}
  explicit pool(std::size_t workers) : pool(pool_options{.workers = workers}) {}
  explicit pool(const pool_options& options);
  pool(pool&& other) noexcept;
  /// Terminates the pool that was here before, as the destructor does.
  pool& operator=(pool&& other) noexcept;
  /// As terminate().
  ~pool();

  // -- one call ---------------------------------------------------------------

  /// Has `f(args...)` called by a worker. The future's cancel() keeps it from
  /// being begun, or kills the worker that runs it. Does not wait. If that
  /// worker dies otherwise, see task_options::retries.
  /// @throws error closed (the pool was closed or terminated),
  ///   resource_exhausted, not_serializable (retries of an argument that has
  ///   one owner), what converting and encoding throws; if the pool is broken,
  ///   the reason, mostly a task_failure
  template <class F, class... Args>
  requires(!std::same_as<std::remove_cvref_t<F>, task_options>) auto submit(
      F&& f, Args&&... args) {
    return submit(task_options{}, std::forward<F>(f),
                  std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  auto submit(const task_options& options, F&& f, Args&&... args) {
    using callee = std::decay_t<F>;
    using plan = detail::task_plan<callee, Args...>;
    using result = typename plan::result;
    if constexpr (plan::check()) {
      return submit_as<result, callee>(typename plan::parameters{}, options,
                                       std::forward<F>(f),
                                       std::forward<Args>(args)...);
    } else {
      return future<result>{}; // an assertion has said what is wrong
    }
  }

  /// Waits for the result of `f(args...)`. @throws as submit, and future::get
  template <class F, class... Args>
  auto apply(F&& f, Args&&... args) {
    return submit(std::forward<F>(f), std::forward<Args>(args)...).get();
  }

  // -- one function, many inputs ----------------------------------------------

  /// The results of `f(x)` for each x of `inputs`, in their order; of void,
  /// nothing. Waits for all. If some have failed, throws the failure of the
  /// first of them, when all others are done; progress counts them all, and
  /// imap tells of each.
  /// @throws as submit and future::get
  template <class F, std::ranges::input_range Inputs>
  auto map(F&& f, Inputs&& inputs, const map_options& options = {}) {
    return map_now<detail::one_argument>(std::forward<F>(f),
                                         std::forward<Inputs>(inputs), options);
  }
  /// The same with inputs that are pairs or tuples of arguments.
  template <class F, std::ranges::input_range Inputs>
  auto starmap(F&& f, Inputs&& inputs, const map_options& options = {}) {
    return map_now<detail::many_arguments>(
        std::forward<F>(f), std::forward<Inputs>(inputs), options);
  }
  /// As map, but gives the future of all results. All inputs are taken at once.
  /// Does not wait. What reading or submitting them throws fails the future,
  /// whose cancel() cancels all tasks that are not done.
  /// @throws error closed on a moved-from pool
  template <class F, std::ranges::input_range Inputs>
  auto map_async(F&& f, Inputs&& inputs, const map_options& options = {}) {
    return map_later<detail::one_argument>(
        std::forward<F>(f), std::forward<Inputs>(inputs), options);
  }
  /// The same with inputs that are pairs or tuples of arguments.
  template <class F, std::ranges::input_range Inputs>
  auto starmap_async(F&& f, Inputs&& inputs, const map_options& options = {}) {
    return map_later<detail::many_arguments>(
        std::forward<F>(f), std::forward<Inputs>(inputs), options);
  }

  /// A range of the results in the order of the inputs, which are taken only as
  /// results are handed out: an endless source is fine. See imap_results.
  /// `inputs` is moved in if it is an rvalue; a view is copied; any other
  /// lvalue is referred to, and must live as long as the range.
  ///
  /// Does not wait, and takes no input yet: next() and the loop do. Leaving the
  /// loop, or dropping the range, cancels what is under way; workers that have
  /// begun such a task are killed and replaced. One that dies otherwise fails
  /// the inputs of its task, if they have no retries left.
  /// @throws error closed on a moved-from pool; the rest is thrown by next()
  template <class F, std::ranges::viewable_range Inputs>
  auto imap(F&& f, Inputs&& inputs, const imap_options& options = {}) {
    return lazily(std::forward<F>(f), std::forward<Inputs>(inputs), options,
                  true);
  }
  /// The same in the order in which the results come.
  template <class F, std::ranges::viewable_range Inputs>
  auto imap_unordered(F&& f, Inputs&& inputs,
                      const imap_options& options = {}) {
    return lazily(std::forward<F>(f), std::forward<Inputs>(inputs), options,
                  false);
  }

  /// Sends `value` once, for any number of tasks, of other pools, too. Does not
  /// wait. See shared_argument. @throws error resource_exhausted,
  ///   not_serializable
  template <class T>
  shared_argument<std::decay_t<T>> share(const T& value) {
    return shared_argument<std::decay_t<T>>{value};
  }

  // -- the pool ---------------------------------------------------------------

  /// How many workers there shall be. Never waits.
  /// @throws error closed on a moved-from pool
  std::size_t size() const { return use().workers(); }
  /// From now on so many. Those too many end after the task that they have.
  /// Does not wait for that, nor for new ones.
  /// @throws error closed (the pool was closed or terminated),
  ///   resource_exhausted (0, or more than a family can have), os_failure; if
  ///   the pool is broken, the reason
  void resize(std::size_t workers);

  /// No more tasks. What was submitted is done. Does not wait.
  void close();
  /// Waits until all tasks are done and all workers have ended. Tasks whose
  /// workers die are tried again meanwhile, or fail; that is told by their
  /// futures. @throws error protocol unless it was closed or terminated before
  void join();
  /// True if that is so by now. @throws as join
  bool try_join();
  /// False when the time ran out.
  template <class Rep, class Period>
  bool join_for(std::chrono::duration<Rep, Period> time) {
    return join_until(detail::deadline::in(time));
  }
  /// Ends all workers, by SIGTERM and after half a second by SIGKILL; futures
  /// that have nothing yet fail with errc::closed. Takes 2 s at most.
  void terminate() noexcept;

  /// Figures of this moment. Memory is read from the system: some microseconds
  /// for each worker. Does not wait.
  pool_stats stats() const;
  /// Which worker ran which task when, if pool_options::timeline was set; else
  /// nothing. A copy. Does not wait.
  ramet::timeline timeline() const;

private:
  template <class R, class Callee, class... Ps, class F, class... Args>
  future<R> submit_as(detail::param_list<Ps...>, const task_options& options,
                      F&& f, Args&&... args) {
    std::tuple<decltype(detail::pack_callee<Callee>(std::forward<F>(f))),
               decltype(Ps::traveller::pack(std::forward<Args>(args)))...>
        values{detail::pack_callee<Callee>(std::forward<F>(f)),
               Ps::traveller::pack(std::forward<Args>(args))...};
    return submit_packed<detail::single_task<R, Callee, Ps...>, R>(options,
                                                                   values);
  }

  template <class Task, class R, class... Forms>
  future<R> submit_packed(const task_options& options,
                          const std::tuple<Forms...>& values) {
    auto encode = [](const auto& forms, const detail::outgoing_user& use) {
      std::apply(
          [&](const auto&... each) {
            std::tuple<const std::remove_cvref_t<decltype(each)>&...> all{
                each...};
            use(detail::make_outgoing_pack(all));
          },
          forms);
    };
    detail::encoder again;
    if (options.retries > 0) {
      using kept = std::tuple<std::remove_cvref_t<Forms>...>;
      if constexpr ((std::copy_constructible<
                         std::remove_cvref_t<Forms>> && ...))
        again = [values = std::make_shared<const kept>(values), encode](
                    const detail::outgoing_user& use) { encode(*values, use); };
      else
        detail::throw_sent_once();
    }
    auto state =
        std::make_shared<detail::task_state<R>>(link_, std::move(again));
    encode(values, [&](const detail::outgoing& message) {
      use().submit(detail::code_of<Task>(), message, state, 0,
                   {options.timeout, options.retries});
    });
    return detail::make_future<R>(std::move(state));
  }

  template <class Plan, class F>
  static typename Plan::function_form function_of(F&& f) {
    return detail::pack_callee<typename Plan::callee>(std::forward<F>(f));
  }

  template <class Spread, class F, class Inputs>
  auto map_now(F&& f, Inputs&& inputs, const map_options& options) {
    using plan =
        detail::map_plan<F, std::ranges::range_reference_t<Inputs>, Spread>;
    using state = detail::map_state<plan>;
    if constexpr (plan::check()) {
      auto work = begin_map<plan>(std::forward<F>(f), inputs, options);
      // A few are enough to keep workers busy, and stay in the caches.
      auto most = std::max<std::size_t>(4 * size(), 512);
      submit_chunks(*work, inputs, options.chunk, [&] {
        if (work->pending() >= most)
          work->wait_until_pending(most / 2);
      });
      work->wait(detail::deadline::never());
      return work->take();
    } else {
      return typename future<typename state::all>::optional_result{};
    }
  }

  template <class Spread, class F, class Inputs>
  auto map_later(F&& f, Inputs&& inputs, const map_options& options) {
    using plan =
        detail::map_plan<F, std::ranges::range_reference_t<Inputs>, Spread>;
    using all = typename detail::map_state<plan>::all;
    if constexpr (plan::check()) {
      auto work = begin_map<plan>(std::forward<F>(f), inputs, options);
      submit_chunks(*work, inputs, options.chunk, [] {});
      return detail::make_future<all>(std::move(work));
    } else {
      return future<all>{};
    }
  }

  template <class Plan, class F, class Inputs>
  auto begin_map(F&& f, Inputs& inputs, const map_options& options) {
    std::size_t total = 0;
    if constexpr (std::ranges::sized_range<Inputs>)
      total = static_cast<std::size_t>(std::ranges::size(inputs));
    auto work = std::make_shared<detail::map_state<Plan>>(
        use(), function_of<Plan>(std::forward<F>(f)),
        detail::task_rules{options.timeout, options.retries});
    work->begin(options.progress, total);
    return work;
  }

  // What was submitted before something is thrown is waited for.
  template <class State, class Inputs, class Pause>
  void submit_chunks(State& work, Inputs& inputs, std::size_t chunk,
                     Pause pause) {
    try {
      if (chunk == 0)
        chunk = usual_chunk(inputs);
      typename State::items batch;
      for (auto&& each : inputs) {
        batch.push_back(State::plan::pack(std::forward<decltype(each)>(each)));
        if (batch.size() < chunk)
          continue;
        work.submit(batch);
        pause();
      }
      if (!batch.empty())
        work.submit(batch);
      work.end();
    } catch (...) {
      work.end(std::current_exception());
    }
  }

  // A task's message costs no more than a few calls. So larger chunks save
  // nothing, while large messages need memory of their own.
  static constexpr std::size_t largest_usual_chunk = 1024;

  template <class Inputs>
  std::size_t usual_chunk(Inputs& inputs) const {
    if constexpr (std::ranges::sized_range<Inputs>) {
      auto parts = 4 * size();
      auto count = static_cast<std::size_t>(std::ranges::size(inputs));
      return std::clamp<std::size_t>((count + parts - 1) / parts, 1,
                                     largest_usual_chunk);
    } else {
      return 1;
    }
  }

  template <class F, class Inputs>
  auto lazily(F&& f, Inputs&& inputs, const imap_options& options,
              bool ordered) {
    using view = std::views::all_t<Inputs>;
    using plan = detail::map_plan<F, std::ranges::range_reference_t<view>,
                                  detail::one_argument>;
    using results = imap_results<plan, view>;
    if constexpr (plan::check()) {
      auto work = std::make_shared<detail::imap_state<plan>>(
          use(), function_of<plan>(std::forward<F>(f)),
          detail::task_rules{options.timeout, options.retries}, ordered);
      std::size_t total = 0;
      if constexpr (std::ranges::sized_range<Inputs>)
        total = static_cast<std::size_t>(std::ranges::size(inputs));
      work->begin(options.progress, total);
      auto chunk = std::max<std::size_t>(options.chunk, 1);
      auto window = options.window != 0 ? options.window : 2 * size() * chunk;
      return results{std::move(work),
                     std::views::all(std::forward<Inputs>(inputs)), window,
                     chunk};
    } else {
      return std::optional<results>{};
    }
  }

  const detail::pool_link& use() const;
  bool join_until(detail::deadline until);

  detail::pool_link link_;
};

} // namespace ramet
