// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Starts actors in processes, and starts them again when they end.

#pragma once

#include <ramet/actor_error.hpp>
#include <ramet/actor_system.hpp>
#include <ramet/detail/kept_spawn.hpp>
#include <ramet/process_setup.hpp>
#include <ramet/start_method.hpp>
#include <ramet/supervision_tree.hpp>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/infer_handle.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace ramet {

/// Who is started again when one child ends.
enum class restart_strategy {
  one_for_one,  ///< That child.
  one_for_all,  ///< All children.
  rest_for_one, ///< That child and those that were added after it.
};

/// Which ends of a child bring it back.
enum class restart_kind {
  permanent, ///< Each.
  transient, ///< All but normal ones: caf::exit_reason::normal, user_shutdown.
  temporary, ///< None.
};

enum class child_place {
  own_process, ///< A process for this child alone.
  in_process,  ///< The supervisor's process.
};

using enum restart_strategy;
using enum restart_kind;
using enum child_place;

/// The pause before a child is started again: none after the first end, then
/// `first`, then `factor` times the last one, `longest` at most. A child that
/// has run for `reset_after` begins anew.
struct restart_pause {
  std::chrono::milliseconds first{100};
  double factor = 2;
  std::chrono::milliseconds longest{10'000};
  std::chrono::milliseconds reset_after{30'000};
};

/// The first argument of `supervisor`, in braces.
struct supervisor_options {
  /// Shown in the tree. Empty: "supervisor", with a number for those below.
  std::string name = {};
  restart_strategy strategy = one_for_one;
  /// One restart more than that `within` this time, and the supervisor fails.
  std::size_t max_restarts = 3;
  std::chrono::milliseconds within{5'000};
  restart_pause pause = {};
  /// Called when it has failed and its children are stopped, by a thread of the
  /// library: must not end the supervisor.
  std::function<void(const caf::error&)> on_failure = {};
};

/// The first argument of supervisor::spawn, in braces.
struct child_options {
  /// Shown in the tree, and by this_process().name() there. Empty: "child-1"
  /// and so on.
  std::string name = {};
  restart_kind restart = permanent;
  child_place where = own_process;
  /// To start in: until its process is there and it has taken up its behavior.
  /// One that takes longer is killed, and counts as ended.
  std::chrono::milliseconds start_timeout{30'000};
  /// To end in when asked to; then its process is killed.
  std::chrono::milliseconds stop_timeout{2'000};
  /// Of its process. Not set: default_start_method(). `thread` is the same as
  /// `in_process`.
  std::optional<start_method> start = {};
  /// Of its process; no pipes.
  process_setup setup = {};
};

namespace detail {

class supervision;
struct supervised_group;

template <class F>
concept actor_function =
    !std::same_as<std::remove_cvref_t<F>,
                  child_options> && parameters_of<std::decay_t<F>>::known;

} // namespace detail

/// Keeps actors running, each in a process of its own: when one ends, or its
/// process does, it is made again by the same call.
///
/// @code
/// ramet::supervisor top{{.strategy = ramet::one_for_one,
///                        .max_restarts = 3, .within = 5s}};
/// account stable = top.spawn(make_account, 100);
/// auto log = top.spawn({.name = "log", .restart = ramet::transient},
///                      make_log, "bank.log");
/// @endcode
///
/// Handles stay valid over restarts, in all processes that have them. Between
/// the end of an actor and its next start, requests fail at once with
/// caf::sec::request_receiver_down. Monitors and links of such a handle fire
/// when the child has ended for good: when it is not to be restarted, or the
/// supervisor has ended.
///
/// A supervisor that has to restart too often fails: it stops its children,
/// last one first, and then ends itself; one below another supervisor is
/// restarted by that one, with its children and under the same handles.
///
/// The destructor stops the tree and waits for it, no longer than the time that
/// its children are given. If the supervisor's process is killed, its children
/// die with it. Members throw `error` with errc::closed on a moved-from
/// supervisor. Thread-safe, but for moving.
class supervisor {
public:
  /// @throws error protocol (no runtime), resource_exhausted, os_failure
  explicit supervisor(supervisor_options options = {});
  supervisor(supervisor&& other) noexcept = default;
  /// Stops the tree that was here before, as the destructor does.
  supervisor& operator=(supervisor&& other) noexcept;
  ~supervisor();

  /// Starts a child: an actor from one of the functions that CAF's spawn takes.
  /// Its arguments must be copyable, as they are kept for the next start.
  /// Returns the stable handle, typed as the function's actor is.
  ///
  /// Waits until the actor has taken up its behavior. @throws actor_error (it
  /// ended meanwhile, or was not ready in time: then it is no child), error
  /// closed (the supervisor has ended), and whatever starting a process throws
  template <detail::actor_function F, class... Args>
  auto spawn(F&& f, Args&&... args) {
    return spawn(child_options{}, std::forward<F>(f),
                 std::forward<Args>(args)...);
  }
  template <detail::actor_function F, class... Args>
  auto spawn(child_options options, F&& f, Args&&... args) {
    using handle = caf::infer_handle_from_fun_t<std::decay_t<F>>;
    return caf::actor_cast<handle>(
        add(std::move(options),
            detail::keep_function(std::forward<F>(f),
                                  std::forward<Args>(args)...)));
  }

  /// The same from a class of actors: `top.spawn<printer>("lp0")`.
  template <std::derived_from<caf::abstract_actor> Actor, class... Args>
  caf::infer_handle_from_class_t<Actor> spawn(Args&&... args) {
    return spawn<Actor>(child_options{}, std::forward<Args>(args)...);
  }
  template <std::derived_from<caf::abstract_actor> Actor, class... Args>
  caf::infer_handle_from_class_t<Actor> spawn(child_options options,
                                              Args&&... args) {
    return caf::actor_cast<caf::infer_handle_from_class_t<Actor>>(
        add(std::move(options),
            detail::keep_class<Actor>(std::forward<Args>(args)...)));
  }

  /// Adds a supervisor below this one, which owns it. If that one fails, this
  /// one restarts it and, as its strategy says, others.
  /// @throws error closed (the supervisor has ended)
  supervisor& supervise(supervisor_options options);

  /// Stops a child of this supervisor for good, and waits until it has ended,
  /// for which it has its stop_timeout. Then monitors and links of its handle
  /// fire. False if it is no child. Others stay as they are, whatever the
  /// strategy.
  template <class Handle>
  bool stop_child(const Handle& child) {
    return remove(caf::actor_cast<caf::strong_actor_ptr>(child));
  }

  /// Asks it to stop its children and to end. Does not wait.
  void stop();

  /// Waits until the supervisor has ended, by stop() or by failing, and all its
  /// children have.
  void join();
  /// True if that is so by now.
  bool try_join();
  /// False when it has not ended for so long.
  template <class Rep, class Period>
  bool join_for(std::chrono::duration<Rep, Period> time) {
    return join_until(detail::deadline::in(time));
  }

  /// True until it begins to end for good.
  bool running() const;
  /// Why it failed; no error while it has not. One below another supervisor
  /// keeps that of the last time.
  caf::error failure() const;

  /// For monitors and links: ends when the supervisor does, normally after
  /// stop(), else with failure(). An exit message to it is a stop().
  caf::actor handle() const;

  /// What all below are doing at this moment. Does not wait.
  supervision_tree tree() const;

private:
  friend class detail::supervision;
  supervisor(std::shared_ptr<detail::supervision> tree,
             detail::supervised_group& group)
      : tree_(std::move(tree)), group_(&group), owner_(false) {}

  caf::strong_actor_ptr add(child_options options, detail::kept_spawn make);
  bool remove(const caf::strong_actor_ptr& child);
  bool join_until(detail::deadline until);
  void end() noexcept;
  detail::supervision& use(const char* operation) const;

  std::shared_ptr<detail::supervision> tree_;
  detail::supervised_group* group_ = nullptr;
  bool owner_ = true; ///< false: below another one
};

} // namespace ramet
