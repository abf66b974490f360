// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The actors of this process that others know of, and who watches them.

#pragma once

#include "member_node.hpp"

#include <caf/actor_control_block.hpp>

#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace ramet::detail {

/// Keeps each such actor until it ends: nobody counts the handles in other
/// processes. Thread-safe.
class exports {
public:
  /// True if it was not known before; then remove() is to be called when it
  /// ends.
  bool add(const caf::strong_actor_ptr& actor);
  /// Null when it has ended, or never was known.
  caf::strong_actor_ptr find(std::uint64_t id);
  std::vector<caf::strong_actor_ptr> all();

  /// Notes that `watcher` wants to know of the actor's end. False if it has
  /// ended already.
  bool watch(std::uint64_t id, member_id watcher);
  /// The actor has ended. Returns who wants to know.
  std::vector<member_id> remove(std::uint64_t id);

private:
  struct entry {
    caf::strong_actor_ptr actor;
    std::vector<member_id> watchers;
  };

  std::mutex guard_; // of the map
  std::unordered_map<std::uint64_t, entry> map_;
};

} // namespace ramet::detail
