// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What goes on in one tree of supervisors.

#pragma once

#include "supervised.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ramet::detail {

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

  // -- by the thread, under guard_: up and down (supervision_phases.cpp) ------

  bool advance_all(supervised_group& group);
  bool advance(supervised_group& group);
  bool take_down(supervised_group& group);
  bool stop_starting(const child_ptr& child);
  bool drop_those_over(supervised_group& group);
  bool bring_up(supervised_group& group);
  void wake_at(clock::time_point time);
  void begin_start(const child_ptr& child);
  void started(const child_ptr& child, const life_ptr& life);
  void start_failed(const child_ptr& child, const life_ptr& life,
                    caf::error reason, std::string text);
  void now_up(const child_ptr& child);
  void watch(const child_ptr& child);
  void has_ended(const child_ptr& child, const life_ptr& life,
                 const caf::error& reason);
  void begin_stop(const child_ptr& child);
  void now_down(const child_ptr& child, const life_ptr& life);

  // -- the same: what follows (supervision_rules.cpp) -------------------------

  void child_ended(supervised_child& child, const caf::error& reason,
                   const life_ptr& life);
  void decide(supervised_child& child, const caf::error& reason,
              std::string text);
  void restart(supervised_child& child);
  void fail(supervised_group& group, const supervised_child& because);
  void group_is_down(supervised_group& group);
  void end_for_good(supervised_group& group);
  void retire(const child_ptr& child);

  // -- under guard_ -----------------------------------------------------------

  void fit_in(supervised_group& group, supervised_child& child);
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
