// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "supervision.hpp"

#include "keeper.hpp"
#include "local_node.hpp"
#include "self.hpp"
#include "threads_posix.hpp"

#include <ramet/error.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <thread>
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

bool runtime_is_live() {
  return self::mine().phase.load() == runtime_phase::live;
}

} // namespace

// -- for everybody ------------------------------------------------------------

std::shared_ptr<supervision> supervision::make(supervisor_options options) {
  local_node::mine(); // throws if there can be none
  std::shared_ptr<supervision> result{new supervision};
  auto& top = result->top_;
  top.about = std::move(options);
  if (top.about.name.empty())
    top.about.name = "supervisor";
  top.keeper = keeper::make([weak = result->weak_from_this()] {
    if (auto tree = weak.lock())
      tree->stop(tree->top_);
  });
  signals_blocked blocked; // inherited by the thread
  std::thread{[result] {
    name_this_thread("ramet-supervise");
    result->run();
  }}.detach();
  return result;
}

caf::strong_actor_ptr supervision::add(supervised_group& to,
                                       child_options about, kept_spawn make) {
  auto closed = [&] {
    return error(errc::closed,
                 fmt::format("adding a child to supervisor '{}': it has ended",
                             to.about.name));
  };
  auto child = std::make_shared<supervised_child>(to);
  {
    std::scoped_lock lock{guard_};
    if (ending_for_good(to))
      throw closed();
    if (about.name.empty())
      about.name = fmt::format("child-{}", ++to.children_made);
  }
  child->about = std::move(about);
  child->make = std::move(make);
  child->keeper = keeper::make();
  child->place = std::make_unique<stable_handle>(child->keeper);
  child->life = std::make_shared<child_life>();
  child->life->start(child->about, child->make);
  auto result = child->place->handle();
  {
    std::unique_lock lock{guard_};
    if (ending_for_good(to)) {
      lock.unlock();
      child->life->stop(child->about.stop_timeout);
      keeper::end(child->keeper, caf::exit_reason::user_shutdown);
      throw closed();
    }
    to.children.push_back(child);
    now_up(child);
    fit_in(to, *child);
  }
  watch(child);
  post([] {});
  return result;
}

supervisor& supervision::add_below(supervised_group& to,
                                   supervisor_options options) {
  auto child = std::make_shared<supervised_child>(to);
  child->below = std::make_unique<supervised_group>();
  auto& group = *child->below;
  group.about = std::move(options);
  group.self = child.get();
  group.keeper = keeper::make([weak = weak_from_this(), &group] {
    if (auto tree = weak.lock())
      tree->stop(group); // as long as the tree
  });
  // It lives in the tree, and must not keep it.
  std::shared_ptr<supervision> me{std::shared_ptr<void>{}, this};
  group.face.reset(new supervisor{std::move(me), group});
  std::scoped_lock lock{guard_};
  if (ending_for_good(to))
    throw error(errc::closed,
                fmt::format("adding a supervisor below supervisor '{}': it has "
                            "ended",
                            to.about.name));
  if (group.about.name.empty())
    group.about.name = fmt::format("supervisor-{}", ++to.children_made);
  child->about.name = group.about.name;
  child->at = phase::up;
  child->up_since = clock::now();
  to.children.push_back(child);
  fit_in(to, *child);
  post([] {});
  return *group.face;
}

// A supervisor that has failed goes down with all children, and comes up again.
void supervision::fit_in(supervised_group& group, supervised_child& child) {
  child.cycle = !group.wanted;
  if (!group.wanted)
    group.down = false;
}

bool supervision::remove(supervised_group& from,
                         const caf::strong_actor_ptr& which) {
  std::unique_lock lock{guard_};
  auto found = std::ranges::find_if(from.children, [&](auto& child) {
    return child->place && child->place->handle() == which;
  });
  if (found == from.children.end())
    return false;
  auto child = *found;
  child->over = true;
  child->wanted = false;
  child->cycle = true;
  child->last_error = caf::exit_reason::user_shutdown;
  post([] {});
  changed_.wait(lock, [&] {
    return std::ranges::find(from.children, child) == from.children.end();
  });
  return true;
}

void supervision::stop(supervised_group& which) {
  post([this, &which] {
    which.wanted = false;
    if (which.self) {
      which.self->over = true;
      which.self->wanted = false;
      which.self->cycle = true;
    }
  });
}

bool supervision::join(supervised_group& which, deadline until) {
  std::unique_lock lock{guard_};
  auto ended = [&] { return which.ended; };
  if (until.is_never()) {
    changed_.wait(lock, ended);
    return true;
  }
  if (until.is_now())
    return ended();
  return changed_.wait_until(lock, until.at, ended);
}

// -- the thread ---------------------------------------------------------------

void supervision::post(action what) {
  std::scoped_lock lock{posted_guard_};
  posted_.push_back(std::move(what));
  posted_changed_.notify_one();
}

void supervision::in_background(action what) {
  signals_blocked blocked;
  std::thread{[self = shared_from_this(), what = std::move(what)] {
    name_this_thread("ramet-children");
    what();
  }}.detach();
}

void supervision::run() {
  std::vector<action> batch;
  std::vector<action> tell;
  for (bool over = false; !over;) {
    {
      std::unique_lock lock{posted_guard_};
      auto any = [this] { return !posted_.empty(); };
      if (next_look_ == clock::time_point::max())
        posted_changed_.wait(lock, any);
      else
        posted_changed_.wait_until(lock, next_look_, any);
      batch.swap(posted_);
    }
    {
      std::scoped_lock lock{guard_};
      for (auto& what : batch)
        what();
      do
        next_look_ = clock::time_point::max();
      while (advance_all(top_));
      tell.swap(tell_);
      over = over_;
      changed_.notify_all();
    }
    batch.clear();
    for (auto& what : tell)
      what();
    tell.clear();
  }
  std::scoped_lock lock{guard_};
  top_.ended = true;
  changed_.notify_all();
}

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
  } else if (!runtime_is_live()) {
    group.wanted = false; // the process ends, and its children with it
  } else if (may_restart(group)) {
    restart(child);
  } else {
    fail(group, child);
  }
}

bool supervision::may_restart(supervised_group& group) {
  auto now = clock::now();
  auto& times = group.restarts;
  while (!times.empty() && now - times.front() > group.about.within)
    times.pop_front();
  if (times.size() >= group.about.max_restarts)
    return false;
  times.push_back(now);
  return true;
}

void supervision::restart(supervised_child& child) {
  auto& group = child.of;
  auto& rule = group.about.pause;
  auto now = clock::now();
  using seconds = std::chrono::duration<double>;
  if (now - child.up_since >= rule.reset_after)
    child.pause = seconds{-1};
  if (child.pause.count() < 0)
    child.pause = seconds::zero();
  else if (child.pause.count() == 0)
    child.pause = rule.first;
  else
    child.pause *= rule.factor;
  child.pause = std::min(child.pause, seconds{rule.longest});
  auto not_before =
      now + std::chrono::duration_cast<clock::duration>(child.pause);
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
