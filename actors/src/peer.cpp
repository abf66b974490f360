// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "peer.hpp"

#include "backlog.hpp"
#include "family.hpp"
#include "member_watch.hpp"

#include <ramet/error.hpp>

#include <algorithm>
#include <utility>

namespace ramet::detail {

namespace {

// No inbox when the process is gone, or never was a node.
peer::way find_way(member_id address) {
  auto& members = family::mine();
  auto here = [&] {
    return address.slot < max_processes
           && members.entry(address.slot).serial.load() == address.serial;
  };
  if (!here())
    return {};
  try {
    peer::way result;
    result.memory = members.map_page(address.slot, result.page);
    auto inbox = result.page->inbox.load();
    if (inbox != 0 && here())
      result.inbox = mailbox::open({inbox, object_kind::mailbox});
    return result;
  } catch (const error& problem) {
    if (problem.code() == errc::resource_exhausted)
      throw;
    return {}; // it went meanwhile
  }
}

} // namespace

peer::peer(member_id address, way to)
    : address_(address), node_(node_of(address)), inbox_(std::move(to.inbox)),
      memory_(std::move(to.memory)), page_(to.page), gone_(!inbox_) {}

void peer::set_gone() {
  gone_.store(true);
  mailbox last; // let go of without the lock
  segment page;
  std::scoped_lock lock{guard_};
  last = std::exchange(inbox_, mailbox{});
  page = std::move(memory_);
  page_ = nullptr;
}

bool peer::congested() const {
  if (shipped_.load(std::memory_order_relaxed)
      < look_at_.load(std::memory_order_relaxed))
    return false;
  std::shared_lock lock{guard_};
  if (!inbox_)
    return false;
  auto unread = inbox_.size();
  backlog taken{*page_};
  if (unread + taken.messages() > look_every) {
    auto about = inbox_.stats();
    auto bytes_each =
        about.bytes_put / std::max<std::uint64_t>(about.messages_put, 1);
    if (unread + taken.messages() > backlog_limit::messages
        || unread * bytes_each + taken.bytes() > backlog_limit::bytes)
      return true; // and look again the next time
  }
  look_at_.store(shipped_.load(std::memory_order_relaxed) + look_every,
                 std::memory_order_relaxed);
  return false;
}

peer_ptr peers::get(member_id address) {
  std::unique_lock lock{guard_};
  if (auto found = map_.find(address.serial); found != map_.end())
    return found->second;
  auto result = std::make_shared<peer>(address, find_way(address));
  map_.emplace(address.serial, result);
  lock.unlock();
  if (!result->gone()) {
    try {
      watch_member(address, [this, address] { ended_(address); });
    } catch (...) {
      std::scoped_lock again{guard_};
      map_.erase(address.serial);
      throw;
    }
  }
  return result;
}

} // namespace ramet::detail
