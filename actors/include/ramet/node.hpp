// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A process that hosts actors.

#pragma once

#include <ramet/actor_error.hpp>
#include <ramet/actor_system.hpp>
#include <ramet/detail/remote_spawn.hpp>
#include <ramet/process.hpp>

#include <caf/infer_handle.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ramet {

namespace detail {
class hosted_actors;
struct node_access;
} // namespace detail

/// The first argument of `node`, in braces.
struct node_options {
  /// Shown in messages and by this_process().name() there. Empty: as for any
  /// process.
  std::string name = {};
  /// How many actors may run there at a time. 0: as many as there are cores, at
  /// least 2. Means nothing if the node is a thread.
  std::size_t workers = 0;
  /// Not set: default_start_method(). By `thread`, the actors live among those
  /// of this process, and end with the node.
  std::optional<start_method> start = {};
  /// Of its process; no pipes.
  process_setup setup = {};
};

/// A child process whose actors everybody in the family can talk to.
///
/// @code
/// ramet::node bank{{.name = "bank"}};
/// account acct = bank.spawn(make_account, 100);   // lives in bank's process
/// int balance = ramet::ask(acct, deposit::value, 50).get();
/// @endcode
///
/// The handles that spawn() gives are CAF's own, and work in every process of
/// the family. When the process ends, however it does, monitors and links of
/// its actors fire, and requests to them fail, in all processes.
///
/// The object owns the process: its destructor stops it. It is a daemon, so the
/// end of this process's runtime ends it at once. (Any other process of the
/// family can have actors too, and is reached by their handles; this is for
/// those that do nothing else.) Members throw `error` with errc::closed on a
/// moved-from node. Thread-safe, but for moving.
class node {
public:
  /// Starts the process; does not wait until it is up.
  /// @throws as the constructor of process
  explicit node(node_options options = {});
  node(node&& other) noexcept = default;
  node& operator=(node&& other) noexcept;
  /// Stops the process and waits for it: its actors have a second to end in,
  /// then it ends; if it has not after two, it is killed. (If it is a thread,
  /// actors that have not ended by then go on.)
  ~node();

  /// Makes an actor there from one of the functions that CAF's spawn takes,
  /// with or without a pointer to the actor first: returns caf::actor or the
  /// typed handle. Arguments travel as those of a process do.
  ///
  /// Waits until the actor has taken up its behavior: its constructor, or its
  /// function, has run there. One that blocks has a thread of its own, and is
  /// not waited for. @throws actor_error (closed when the node has ended or
  /// ends meanwhile; child_failed when the constructor or the function threw,
  /// with what it threw, or when the actor has quit at once with an error,
  /// which is the reason() then)
  template <class F, class... Args>
  auto spawn(F&& f, Args&&... args) {
    using handle = caf::infer_handle_from_fun_t<std::decay_t<F>>;
    return caf::actor_cast<handle>(detail::spawn_function(
        sender(), std::forward<F>(f), std::forward<Args>(args)...));
  }

  /// The same from a class of actors: `n.spawn<printer>("lp0")`.
  template <class Actor, class... Args>
  caf::infer_handle_from_class_t<Actor> spawn(Args&&... args) {
    return caf::actor_cast<caf::infer_handle_from_class_t<Actor>>(
        detail::spawn_class<Actor>(sender(), std::forward<Args>(args)...));
  }

  /// These are as for process, and never wait.
  int pid() const { return process_.pid(); }
  const std::string& name() const { return process_.name(); }
  bool running() const { return process_.running(); }

  /// Asks the process to end: its actors, as far as others have their handles,
  /// get an exit message with caf::exit_reason::user_shutdown and a second to
  /// act on it. Does not wait. Nothing happens if it has ended.
  void stop();

  /// As for process.
  void join() { process_.join(); }
  bool try_join() { return process_.try_join(); }
  template <class Rep, class Period>
  bool join_for(std::chrono::duration<Rep, Period> time) {
    return process_.join_for(time);
  }
  /// As for process; none of them waits. terminate() and kill() ask no actor.
  std::optional<exit_status> status() const { return process_.status(); }
  void terminate() { process_.terminate(); }
  void kill() { process_.kill(); }
  native_handle_type sentinel() const { return process_.sentinel(); }
  native_handle_type native_handle() const { return sentinel(); }

private:
  friend struct detail::node_access;

  /// Sends a call there and waits for the actor.
  auto sender() {
    return [this](detail::spawn_entry entry, const detail::outgoing& call) {
      return spawn_there(entry, call);
    };
  }
  caf::strong_actor_ptr spawn_there(detail::spawn_entry entry,
                                    const detail::outgoing& call);
  void end() noexcept;

  std::shared_ptr<detail::hosted_actors> hosted_; // if it is a thread
  process process_;
  std::uint32_t slot_;
  std::uint32_t serial_;
};

} // namespace ramet
