// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "exports.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace ramet::detail {

bool exports::add(const caf::strong_actor_ptr& actor) {
  // A sender is one for many messages. Ids are those of one actor for ever, so
  // none that was added need be added again.
  static thread_local std::uint64_t last = 0;
  if (actor->id() == last)
    return false;
  last = actor->id();
  std::scoped_lock lock{guard_};
  return map_.try_emplace(last, entry{actor, {}}).second;
}

caf::strong_actor_ptr exports::find(std::uint64_t id) {
  std::scoped_lock lock{guard_};
  auto found = map_.find(id);
  return found == map_.end() ? nullptr : found->second.actor;
}

std::vector<caf::strong_actor_ptr> exports::all() {
  std::vector<caf::strong_actor_ptr> result;
  std::scoped_lock lock{guard_};
  result.reserve(map_.size());
  for (auto& [id, one] : map_)
    result.push_back(one.actor);
  return result;
}

bool exports::watch(std::uint64_t id, member_id watcher) {
  std::scoped_lock lock{guard_};
  auto found = map_.find(id);
  if (found == map_.end())
    return false;
  auto& watchers = found->second.watchers;
  if (std::ranges::find(watchers, watcher) == watchers.end())
    watchers.push_back(watcher);
  return true;
}

std::vector<member_id> exports::remove(std::uint64_t id) {
  entry last; // lets go of the actor after the lock is given up
  std::scoped_lock lock{guard_};
  if (auto found = map_.find(id); found != map_.end()) {
    last = std::move(found->second);
    map_.erase(found);
  }
  return std::move(last.watchers);
}

} // namespace ramet::detail
