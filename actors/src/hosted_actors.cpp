// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "hosted_actors.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include <caf/all.hpp>

namespace ramet::detail {

namespace {

constexpr std::chrono::seconds time_to_end{1};

struct all_hosts {
  std::mutex guard; // of both
  std::uint64_t made = 0;
  std::map<std::uint64_t, std::weak_ptr<hosted_actors>> list;

  static all_hosts& mine() {
    static auto* instance = new all_hosts; // used by static handles, too
    return *instance;
  }
};

void end(const caf::strong_actor_ptr& actor) {
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

} // namespace

std::shared_ptr<hosted_actors> hosted_actors::make() {
  auto& all = all_hosts::mine();
  std::scoped_lock lock{all.guard};
  std::erase_if(all.list, [](auto& one) { return one.second.expired(); });
  std::shared_ptr<hosted_actors> result{new hosted_actors{++all.made}};
  all.list.emplace(result->number(), result);
  return result;
}

std::shared_ptr<hosted_actors> hosted_actors::find(std::uint64_t number) {
  auto& all = all_hosts::mine();
  std::scoped_lock lock{all.guard};
  auto found = all.list.find(number);
  return found == all.list.end() ? nullptr : found->second.lock();
}

bool hosted_actors::add(const caf::strong_actor_ptr& actor) {
  {
    std::scoped_lock lock{guard_};
    if (!stopping_)
      actors_.push_back(actor);
  }
  // Called at once if it has ended.
  actor->get()->attach_functor(
      [weak = weak_from_this(), id = actor->id()](const caf::error&) {
        if (auto self = weak.lock())
          self->remove(id);
      });
  std::scoped_lock lock{guard_};
  if (stopping_)
    end(actor);
  return !stopping_;
}

void hosted_actors::remove(std::uint64_t actor) {
  caf::strong_actor_ptr last; // let go of without the lock
  std::scoped_lock lock{guard_};
  auto found = std::ranges::find_if(
      actors_, [&](auto& one) { return one->id() == actor; });
  if (found == actors_.end())
    return;
  last = std::move(*found);
  actors_.erase(found);
  changed_.notify_all();
}

void hosted_actors::stop() {
  std::scoped_lock lock{guard_};
  stopping_ = true;
  changed_.notify_all();
}

void hosted_actors::run() {
  std::vector<caf::strong_actor_ptr> all;
  {
    std::unique_lock lock{guard_};
    changed_.wait(lock, [this] { return stopping_; });
    all = actors_;
  }
  for (auto& actor : all)
    end(actor);
  all.clear();
  std::unique_lock lock{guard_};
  changed_.wait_for(lock, time_to_end, [this] { return actors_.empty(); });
}

} // namespace ramet::detail
