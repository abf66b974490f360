// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "proxy.hpp"

#include "local_node.hpp"

#include <caf/make_actor.hpp>

#include <utility>

namespace ramet::detail {

proxy::proxy(caf::actor_config& config, peer_ptr to)
    : own_proxy(config), to_(std::move(to)) {}

void proxy::receive(caf::mailbox_element_ptr what, caf_compat::executor*) {
  local_node::mine().forward(*to_, id(), *what);
}

void proxy::kill_proxy(caf_compat::executor* context, caf::error reason) {
  cleanup(std::move(reason), context);
}

// This object may be locked.
void proxy::on_observed() {
  if (!watched_.exchange(true))
    local_node::mine().watch(*to_, caf::strong_actor_ptr{ctrl()});
}

bool proxy::on_linked(caf::abstract_actor& actor) {
  return local_node::mine().link(*to_, actor.id(), id());
}

void proxy::on_unlinked(caf::abstract_actor& actor) {
  local_node::mine().unlink(*to_, actor.id(), id());
}

void proxy::on_last_handle() {
  local_node::mine().forget_proxy(to_->address(), id(), ctrl());
}

reply_slip::reply_slip(caf::actor_config& config, peer_ptr to,
                       caf::message_id request)
    : own_stand_in(config), to_(std::move(to)), request_(request) {}

void reply_slip::receive(caf::mailbox_element_ptr what, caf_compat::executor*) {
  if (what->mid.is_response())
    settle();
  local_node::mine().forward(*to_, id(), *what);
}

caf::strong_actor_ptr reply_slip::principal() const {
  return local_node::mine().proxy_of(to_, id());
}

void reply_slip::on_last_handle() {
  if (!settled_.load(std::memory_order_relaxed))
    local_node::mine().break_promise(*to_, id(), request_);
}

caf::strong_actor_ptr proxies::get(caf::actor_system& system,
                                   const peer_ptr& of, std::uint64_t id) {
  caf::strong_actor_ptr made; // lets go of a spare one outside the lock
  auto serial = of->address().serial;
  {
    std::scoped_lock lock{guard_};
    if (auto found = map_[serial].find(id); found != map_[serial].end())
      if (auto one = found->second.one.lock())
        return one;
  }
  caf::actor_config config;
  made = caf::make_actor<proxy, caf::strong_actor_ptr>(id, of->node(), &system,
                                                       config, of);
  std::scoped_lock lock{guard_};
  auto& place = map_[serial][id];
  if (auto one = place.one.lock())
    return one;
  place.one = caf::weak_actor_ptr{made.get()};
  return made;
}

caf::strong_actor_ptr proxies::find(member_id process, std::uint64_t id) {
  std::scoped_lock lock{guard_};
  auto ids = map_.find(process.serial);
  if (ids == map_.end())
    return nullptr;
  auto found = ids->second.find(id);
  return found == ids->second.end() ? nullptr : found->second.one.lock();
}

void proxies::keep(caf::strong_actor_ptr one) {
  auto process = process_of(one->node());
  std::scoped_lock lock{guard_};
  auto& place = map_[process->serial][one->id()];
  place.one = caf::weak_actor_ptr{one.get()};
  place.kept = std::move(one);
}

caf::strong_actor_ptr proxies::take(member_id process, std::uint64_t id) {
  caf::strong_actor_ptr result;
  std::scoped_lock lock{guard_};
  auto& ids = map_[process.serial];
  if (auto found = ids.find(id); found != ids.end()) {
    result = found->second.kept ? std::move(found->second.kept)
                                : found->second.one.lock();
    found->second.kept = nullptr;
  }
  return result;
}

std::vector<caf::strong_actor_ptr> proxies::take_all(member_id process) {
  std::vector<caf::strong_actor_ptr> result;
  std::scoped_lock lock{guard_};
  for (auto& [id, place] : map_[process.serial]) {
    if (auto one = place.kept ? std::move(place.kept) : place.one.lock())
      result.push_back(std::move(one));
    place.kept = nullptr;
  }
  return result;
}

void proxies::forget(member_id process, std::uint64_t id,
                     const caf::actor_control_block* which) {
  entry last; // its weak reference goes outside the lock
  std::scoped_lock lock{guard_};
  auto ids = map_.find(process.serial);
  if (ids == map_.end())
    return;
  auto found = ids->second.find(id);
  if (found == ids->second.end() || found->second.one.get() != which)
    return;
  last = std::move(found->second);
  ids->second.erase(found);
  if (ids->second.empty())
    map_.erase(ids);
}

} // namespace ramet::detail
