// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// How children and supervisors come up and go down.

#include "supervision.hpp"

#include "keeper.hpp"

#include <algorithm>
#include <utility>

namespace ramet::detail {

namespace {

using phase = supervised_child::phase;

} // namespace

// True if something has changed, so that others may have to.
bool supervision::advance_all(supervised_group& group) {
  bool any = false;
  auto children = group.children; // some may be dropped meanwhile
  for (auto& child : children)
    if (child->below)
      any |= advance_all(*child->below);
  return advance(group) || any;
}

bool supervision::advance(supervised_group& group) {
  if (group.down && !group.wanted)
    return false;
  if (!group.wanted)
    for (auto& child : group.children)
      child->cycle = true;
  bool any = take_down(group);
  if (drop_those_over(group))
    return true;
  bool all_down = std::ranges::all_of(
      group.children, [](auto& child) { return child->at == phase::down; });
  if (!group.wanted && all_down) {
    group.down = true;
    group_is_down(group);
    return true;
  }
  return group.wanted && bring_up(group) ? true : any;
}

bool supervision::drop_those_over(supervised_group& group) {
  return std::erase_if(group.children,
                       [&](auto& child) {
                         if (!child->over || child->at != phase::down)
                           return false;
                         if (child->below)
                           end_for_good(*child->below);
                         else
                           tell_.push_back([keeper = child->keeper,
                                            reason = child->last_error] {
                             keeper::end(keeper, reason);
                           });
                         retire(child);
                         return true;
                       })
         != 0;
}

// Those that have to: together, or, where the order matters, the last first,
// each when those after it are down.
bool supervision::take_down(supervised_group& group) {
  bool in_order = !group.wanted || group.about.strategy != one_for_one;
  bool any = false;
  for (auto i = group.children.rbegin(); i != group.children.rend(); ++i) {
    auto& child = *i;
    if (!child->cycle && !(in_order && child->at == phase::stopping))
      continue;
    switch (child->at) {
    case phase::down:
      child->cycle = false;
      continue;
    case phase::up:
      begin_stop(child);
      any = true;
      break;
    case phase::starting:
      any |= stop_starting(child);
      break;
    case phase::stopping:
      break;
    }
    if (in_order && child->at != phase::down)
      break;
  }
  return any;
}

// It is given as long to start as to stop, so that it may stop in good order.
bool supervision::stop_starting(const child_ptr& child) {
  if (child->below) {
    begin_stop(child);
    return true;
  }
  auto now = clock::now();
  if (child->stop_by == clock::time_point::max())
    child->stop_by = now + child->about.stop_timeout;
  if (now < child->stop_by) {
    wake_at(child->stop_by);
    return false;
  }
  if (child->about.where == own_process) {
    child->life->abort();
    return false; // it fails any moment
  }
  child->at = phase::down; // nothing can end it; what comes of it is stopped
  child->life = nullptr;
  return true;
}

bool supervision::bring_up(supervised_group& group) {
  bool in_order = group.starting_up || group.about.strategy != one_for_one;
  bool any = false;
  bool all_up = true;
  // Where the order matters, nothing comes up while something has to go down.
  if (in_order && std::ranges::any_of(group.children, [](auto& child) {
        return child->cycle || child->at == phase::stopping;
      }))
    return false;
  for (auto& child : group.children) {
    if (child->at == phase::up || !child->wanted)
      continue;
    all_up = false;
    if (child->at == phase::down) {
      if (child->not_before <= clock::now()) {
        begin_start(child);
        any = true;
      } else {
        wake_at(child->not_before);
      }
    }
    if (in_order)
      break;
  }
  if (all_up && group.starting_up) {
    group.starting_up = false;
    any = true;
    if (group.self && group.self->at == phase::starting) {
      group.self->at = phase::up;
      group.self->up_since = clock::now();
    }
  }
  return any;
}

void supervision::wake_at(clock::time_point time) {
  next_look_ = std::min(next_look_, time);
}

void supervision::begin_start(const child_ptr& child) {
  child->at = phase::starting;
  ++child->restarts; // the first start is that of add()
  if (child->below) {
    auto& group = *child->below;
    group.wanted = true;
    group.starting_up = true;
    group.down = false;
    group.restarts.clear();
    return;
  }
  auto life = std::make_shared<child_life>();
  child->life = life;
  child->stop_by = clock::time_point::max();
  in_background([this, child, life] {
    try {
      life->start(child->about, child->make);
    } catch (const actor_error& problem) {
      post([this, child, life, reason = problem.reason(),
            text = std::string{problem.what()}] {
        start_failed(child, life, reason, text);
      });
      return;
    } catch (const std::exception& problem) {
      post([this, child, life, text = std::string{problem.what()}] {
        start_failed(child, life,
                     caf::make_error(caf::sec::runtime_error, text), text);
      });
      return;
    }
    post([this, child, life] { started(child, life); });
  });
}

void supervision::started(const child_ptr& child, const life_ptr& life) {
  if (child->life != life) { // given up
    in_background(
        [life, time = child->about.stop_timeout] { life->stop(time); });
    return;
  }
  now_up(child);
  watch(child);
}

void supervision::now_up(const child_ptr& child) {
  child->at = phase::up;
  child->up_since = clock::now();
  child->place->lead_to(child->life->actor());
}

void supervision::watch(const child_ptr& child) {
  auto life = child->life;
  life->watch([weak = weak_from_this(), child,
               of = std::weak_ptr{life}](const caf::error& reason) {
    auto tree = weak.lock();
    auto ended = of.lock();
    if (tree && ended)
      tree->post([self = tree.get(), child, ended, reason] {
        self->has_ended(child, ended, reason);
      });
  });
}

void supervision::begin_stop(const child_ptr& child) {
  child->at = phase::stopping;
  if (child->below) {
    child->below->wanted = false;
    child->below->down = false;
    return;
  }
  child->place->lead_to(nullptr);
  in_background([this, child, life = child->life] {
    life->stop(child->about.stop_timeout);
    post([this, child, life] { now_down(child, life); });
  });
}

void supervision::now_down(const child_ptr& child, const life_ptr& life) {
  if (child->life != life)
    return;
  child->at = phase::down;
  child->life = nullptr;
  if (child->end_reason)
    child_ended(*child, *std::exchange(child->end_reason, {}), life);
}

void supervision::start_failed(const child_ptr& child, const life_ptr& life,
                               caf::error reason, std::string text) {
  if (child->life != life)
    return;
  child->at = phase::down;
  child->life = nullptr;
  if (child->cycle || !child->wanted)
    return;
  if (!reason)
    reason = caf::make_error(caf::sec::runtime_error, text);
  decide(*child, reason, std::move(text));
}

// An actor has ended, asked or not. Its process has nothing more to do, if it
// is still there.
void supervision::has_ended(const child_ptr& child, const life_ptr& life,
                            const caf::error& reason) {
  if (child->life != life || child->at != phase::up)
    return;
  child->end_reason = reason;
  begin_stop(child);
}

} // namespace ramet::detail
