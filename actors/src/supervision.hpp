// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What goes on in one tree of supervisors.

#pragma once

#include "child_life.hpp"
#include "stable_handle.hpp"

#include <ramet/supervisor.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ramet::detail {

struct supervised_group;

/// A child of a supervisor: an actor, or a supervisor below it.
///
/// What it is to be is said by `wanted` and `cycle`; `at` is what it is. The
/// rest follows, see supervision::advance.
struct supervised_child {
  using clock = std::chrono::steady_clock;
  enum class phase { down, starting, up, stopping };

  explicit supervised_child(supervised_group& group) : of(group) {}

  supervised_group& of;
  child_options about; // of a supervisor: only the name
  phase at = phase::down;
  bool wanted = true;          // to be up
  bool cycle = false;          // to go down, before it comes up again
  bool over = false;           // will never be up again; then not wanted
  clock::time_point stop_by{}; // while starting though it is to stop
  clock::time_point up_since{};

  clock::time_point not_before{};
  std::chrono::duration<double> pause{-1}; // the last one; below zero: none yet
  std::size_t restarts = 0;
  std::string last_reason;
  caf::error last_error;
  std::optional<caf::error> end_reason; // of the actor, while stopping

  // An actor.
  kept_spawn make;
  caf::strong_actor_ptr keeper;
  std::unique_ptr<stable_handle> place; // of the stable handle
  std::shared_ptr<child_life> life;

  // A supervisor; else null.
  std::unique_ptr<supervised_group> below;
};

/// A supervisor.
struct supervised_group {
  using clock = supervised_child::clock;

  supervisor_options about;
  supervised_child* self = nullptr; // in the group above; null: the top
  std::unique_ptr<supervisor> face; // of one that is not the top

  bool wanted = true;       // its children are to be up
  bool starting_up = false; // they come up one by one
  bool down = false;        // all of them are down, as wanted
  bool ended = false;       // for good, and that has been told
  std::vector<std::shared_ptr<supervised_child>> children;
  std::size_t children_made = 0;
  std::deque<clock::time_point> restarts; // of late
  bool failing = false;                   // to be told when it is down
  caf::error failure;
  std::string failure_text;
  caf::strong_actor_ptr keeper;
};

/// A tree and its thread, which sleeps until something is to be done; what
/// takes time is done by threads that live as long as it takes. Thread-safe.
class supervision : public std::enable_shared_from_this<supervision> {
public:
  static std::shared_ptr<supervision> make(supervisor_options options);

  supervised_group& top() { return top_; }

  caf::strong_actor_ptr add(supervised_group& to, child_options about,
                            kept_spawn make);
  supervisor& add_below(supervised_group& to, supervisor_options options);
  bool remove(supervised_group& from, const caf::strong_actor_ptr& child);
  void stop(supervised_group& which);
  bool join(supervised_group& which, deadline until);
  bool running(const supervised_group& which) const;
  caf::error failure(const supervised_group& which) const;
  supervision_tree tree(const supervised_group& which) const;

private:
  using clock = supervised_child::clock;
  using child_ptr = std::shared_ptr<supervised_child>;
  using life_ptr = std::shared_ptr<child_life>;
  using action = std::function<void()>;

  supervision() = default;

  void run();
  /// `what` is done by the thread, under guard_.
  void post(action what);
  /// In a thread of its own, without any lock.
  void in_background(action what);

  // -- by the thread, under guard_ --------------------------------------------

  bool advance_all(supervised_group& group);
  bool advance(supervised_group& group);
  bool take_down(supervised_group& group);
  bool stop_starting(const child_ptr& child);
  bool bring_up(supervised_group& group);
  bool drop_those_over(supervised_group& group);
  void begin_start(const child_ptr& child);
  void begin_stop(const child_ptr& child);
  void now_up(const child_ptr& child);
  void now_down(const child_ptr& child, const life_ptr& life);
  void started(const child_ptr& child, const life_ptr& life);
  void start_failed(const child_ptr& child, const life_ptr& life,
                    caf::error reason, std::string text);
  void has_ended(const child_ptr& child, const life_ptr& life,
                 const caf::error& reason);
  void child_ended(supervised_child& child, const caf::error& reason,
                   const life_ptr& life);
  void decide(supervised_child& child, const caf::error& reason,
              std::string text);
  void restart(supervised_child& child);
  bool may_restart(supervised_group& group);
  void fail(supervised_group& group, const supervised_child& because);
  void group_is_down(supervised_group& group);
  void end_for_good(supervised_group& group);
  void retire(const child_ptr& child);
  void fit_in(supervised_group& group, supervised_child& child);
  void watch(const child_ptr& child);
  void wake_at(clock::time_point time);

  bool ending_for_good(const supervised_group& group) const;
  supervision_tree describe(const supervised_child& child) const;
  supervision_tree describe(const supervised_group& group) const;

  mutable std::mutex guard_; // of all in this block
  std::condition_variable changed_;
  supervised_group top_;
  std::vector<child_ptr> retired_;
  bool over_ = false; // the thread has nothing more to do
  clock::time_point next_look_ = clock::time_point::max();
  std::vector<action> tell_; // others, when guard_ is free

  std::mutex posted_guard_; // of the two below; taken last
  std::condition_variable posted_changed_;
  std::vector<action> posted_;
};

} // namespace ramet::detail
