// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "supervision.hpp"

#include "keeper.hpp"
#include "local_node.hpp"
#include "threads_posix.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace ramet::detail {

// -- for everybody ------------------------------------------------------------

std::shared_ptr<supervision> supervision::make(supervisor_options options) {
  local_node::mine(); // throws if there can be none
  std::shared_ptr<supervision> result{new supervision};
  auto& top = result->top_;
  top.about = std::move(options);
  if (top.about.name.empty())
    top.about.name = "supervisor";
  top.keeper = keeper::make([weak = result->weak_from_this()](auto) {
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
  // A thread of this process has its actors in this process.
  if (about.start.value_or(default_start_method()) == start_method::thread)
    about.where = in_process;
  child->about = std::move(about);
  child->make = std::move(make);
  // What linked actors tell goes to the actor that is there now.
  child->keeper = keeper::make([weak = std::weak_ptr{child}](auto message) {
    if (auto to = weak.lock())
      to->place->handle()->enqueue(std::move(message), nullptr);
  });
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
    watch(child);
  }
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
  group.keeper = keeper::make([weak = weak_from_this(), &group](auto) {
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
  child->at = supervised_child::phase::up;
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

} // namespace ramet::detail
