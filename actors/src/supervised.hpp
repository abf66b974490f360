// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a tree of supervisors is made of.

#pragma once

#include "child_life.hpp"
#include "stable_handle.hpp"

#include <ramet/supervisor.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
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

  /// It has ended and is to start again: the next pause. Returns its end.
  clock::time_point begin_pause(const restart_pause& rule,
                                clock::time_point now);

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

  /// Counts a restart; false if it would be one too many.
  bool may_restart(clock::time_point now);

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

} // namespace ramet::detail
