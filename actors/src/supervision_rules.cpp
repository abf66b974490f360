// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// What follows when one has ended: whether it starts again, who goes with it,
// when it is too much.

#include "supervision.hpp"

#include "keeper.hpp"
#include "local_node.hpp"
#include "self.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ramet::detail {

namespace {

using phase = supervised_child::phase;

bool is_normal(const caf::error& reason) {
  return !reason || reason == caf::exit_reason::user_shutdown;
}

std::string text_of(const caf::error& reason) {
  if (!reason)
    return "normal";
  return caf_compat::render(local_node::mine().system(), reason);
}

} // namespace

void supervision::child_ended(supervised_child& child, const caf::error& reason,
                              const life_ptr& life) {
  auto text = text_of(reason);
  if (reason == caf::exit_reason::remote_link_unreachable)
    if (auto end = life->process_end(); !end.empty())
      text = std::move(end);
  if (child.cycle || !child.wanted)
    child.last_reason = std::move(text); // it was to end anyway
  else
    decide(child, reason, std::move(text));
}

// It ended, or did not start, though nobody wanted that.
void supervision::decide(supervised_child& child, const caf::error& reason,
                         std::string text) {
  auto& group = child.of;
  child.last_reason = std::move(text);
  child.last_error = reason;
  if (!group.wanted)
    return;
  bool again = child.about.restart == permanent
               || (child.about.restart == transient && !is_normal(reason));
  if (!again) {
    child.wanted = false;
    child.over = true;
  } else if (!self::mine().live()) {
    group.wanted = false; // the process ends, and its children with it
  } else if (group.may_restart(clock::now())) {
    restart(child);
  } else {
    fail(group, child);
  }
}

bool supervised_group::may_restart(clock::time_point now) {
  while (!restarts.empty() && now - restarts.front() > about.within)
    restarts.pop_front();
  if (restarts.size() >= about.max_restarts)
    return false;
  restarts.push_back(now);
  return true;
}

supervised_child::clock::time_point
supervised_child::begin_pause(const restart_pause& rule,
                              clock::time_point now) {
  using seconds = std::chrono::duration<double>;
  if (now - up_since >= rule.reset_after)
    pause = seconds{-1};
  up_since = clock::time_point::max(); // not counted again if it cannot start
  if (pause.count() < 0)
    pause = seconds::zero();
  else if (pause.count() == 0)
    pause = rule.first;
  else
    pause *= rule.factor;
  pause = std::min(pause, seconds{rule.longest});
  return now + std::chrono::duration_cast<clock::duration>(pause);
}

void supervision::restart(supervised_child& child) {
  auto& group = child.of;
  auto not_before = child.begin_pause(group.about.pause, clock::now());
  bool from_here = false;
  for (auto& other : group.children) {
    from_here |= other.get() == &child;
    bool affected = other.get() == &child || group.about.strategy == one_for_all
                    || (group.about.strategy == rest_for_one && from_here);
    if (!affected || other->over)
      continue;
    other->cycle = true;
    other->not_before = std::max(other->not_before, not_before);
    if (other->about.restart == temporary) {
      other->wanted = false;
      other->over = true;
      if (other.get() != &child)
        other->last_error = caf::exit_reason::user_shutdown;
    }
  }
}

void supervision::fail(supervised_group& group,
                       const supervised_child& because) {
  auto text = fmt::format(
      "supervisor '{}': more than {} restart{} within {}; the last to end was "
      "'{}': {}",
      group.about.name, group.about.max_restarts,
      group.about.max_restarts == 1 ? "" : "s", group.about.within,
      because.about.name, because.last_reason);
  group.failure = caf::make_error(caf::sec::runtime_error, text);
  group.failure_text = std::move(text);
  group.failing = true;
  group.wanted = false;
}

void supervision::group_is_down(supervised_group& group) {
  if (std::exchange(group.failing, false) && group.about.on_failure)
    tell_.push_back([call = group.about.on_failure, reason = group.failure] {
      call(reason);
    });
  auto* self = group.self;
  if (!self) {
    end_for_good(group);
    over_ = true;
    return;
  }
  if (self->at == phase::down)
    return; // a child had been added late
  bool asked = self->at == phase::stopping || !self->wanted;
  self->at = phase::down;
  if (!asked)
    decide(*self, group.failure, group.failure_text);
}

void supervision::end_for_good(supervised_group& group) {
  auto reason = group.failure;
  if (!reason)
    reason = caf::exit_reason::user_shutdown;
  for (auto& child : group.children)
    if (child->below)
      end_for_good(*child->below);
    else
      tell_.push_back(
          [keeper = child->keeper, reason] { keeper::end(keeper, reason); });
  for (auto& child : group.children)
    retire(child);
  group.children.clear();
  tell_.push_back([this, &group] {
    keeper::end(group.keeper, group.failure);
    std::scoped_lock lock{guard_};
    if (group.self) // of the top, the thread says so when it is done
      group.ended = true;
    changed_.notify_all();
  });
}

// Users have references to supervisors.
void supervision::retire(const child_ptr& child) {
  child->place = nullptr;
  if (child->below)
    retired_.push_back(child);
}

} // namespace ramet::detail
