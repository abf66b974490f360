// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// What others see of a tree of supervisors.

#include "supervision.hpp"

#include <ramet/this_process.hpp>

#include <utility>

namespace ramet::detail {

namespace {

using phase = supervised_child::phase;

const supervised_group* group_above(const supervised_group& group) {
  return group.self ? &group.self->of : nullptr;
}

} // namespace

bool supervision::running(const supervised_group& which) const {
  std::scoped_lock lock{guard_};
  return !ending_for_good(which);
}

caf::error supervision::failure(const supervised_group& which) const {
  std::scoped_lock lock{guard_};
  return which.failure;
}

supervision_tree supervision::tree(const supervised_group& which) const {
  std::scoped_lock lock{guard_};
  return which.self ? describe(*which.self) : describe(which);
}

bool supervision::ending_for_good(const supervised_group& group) const {
  for (auto* one = &group; one; one = group_above(*one))
    if (one->ended || (one->self ? one->self->over : !one->wanted))
      return true;
  return false;
}

supervision_tree supervision::describe(const supervised_child& child) const {
  supervision_tree result;
  if (child.below)
    result = describe(*child.below);
  else
    result.pid = child.life ? child.life->pid() : 0;
  result.name = child.about.name;
  result.restarts = child.restarts;
  result.last_reason = child.last_reason;
  switch (child.at) {
  case phase::down:
    result.state = child.wanted && child.of.wanted ? child_state::waiting
                                                   : child_state::stopped;
    break;
  case phase::starting:
    result.state = child_state::starting;
    break;
  case phase::up:
    result.state = child_state::running;
    break;
  case phase::stopping:
    result.state = child_state::stopping;
    break;
  }
  if (result.pid == 0 && child.life)
    result.pid = this_process().pid();
  return result;
}

supervision_tree supervision::describe(const supervised_group& group) const {
  supervision_tree result;
  result.name = group.about.name;
  result.supervisor = true;
  result.pid = this_process().pid();
  result.state = group.ended    ? child_state::stopped
                 : group.wanted ? child_state::running
                                : child_state::stopping;
  result.last_reason = group.failure_text;
  for (auto& child : group.children)
    result.children.push_back(describe(*child));
  return result;
}

} // namespace ramet::detail
