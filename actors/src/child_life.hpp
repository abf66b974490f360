// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// One life of a supervised actor, from a start to the end that follows.

#pragma once

#include <ramet/node.hpp>
#include <ramet/supervisor.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace ramet::detail {

/// The actor, and its process if it has one to itself. Thread-safe.
class child_life : public std::enable_shared_from_this<child_life> {
public:
  /// Starts the process and makes the actor; waits until that has taken up its
  /// behavior, if it is of a kind that has one. Once.
  /// @throws what supervisor::spawn does; then nothing is left
  void start(const child_options& about, const kept_spawn& make);

  /// After start().
  const caf::strong_actor_ptr& actor() const { return actor_; }
  /// Has `ended` called once, when the actor has ended, by any thread or at
  /// once. After start(), once.
  void watch(std::function<void(const caf::error&)> ended);

  /// 0: it has no process of its own, or none yet.
  int pid() const;
  /// Has a start() that still waits fail, if there is a process to kill.
  void abort();

  /// Asks the actor to end, if it has not; when the time is up its process is
  /// killed. Waits for that. After start().
  void stop(std::chrono::milliseconds time);
  /// How the process ended, after stop(); empty: it has none, or ended as it
  /// was asked to.
  std::string process_end() const;

private:
  void make_actor(const child_options& about, const kept_spawn& make);
  void note_end(const caf::error& reason);
  [[noreturn]] static void throw_ended(const child_options& about,
                                       const caf::error& reason);

  caf::strong_actor_ptr actor_;

  mutable std::mutex guard_; // of all below
  std::condition_variable changed_;
  std::shared_ptr<node> host_;
  bool aborted_ = false;
  std::optional<caf::error> ended_; // the actor, and why
  std::function<void(const caf::error&)> tell_;
};

} // namespace ramet::detail
