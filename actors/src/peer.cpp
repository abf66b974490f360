// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "peer.hpp"

#include "family.hpp"
#include "member_watch.hpp"

#include <ramet/error.hpp>

#include <utility>

namespace ramet::detail {

namespace {

// None when the process is gone, or never was a node.
mailbox find_inbox(process_address address) {
  auto& members = family::mine();
  if (address.slot >= max_processes
      || members.entry(address.slot).serial.load() != address.serial)
    return {};
  try {
    process_page* page = nullptr;
    auto memory = members.map_page(address.slot, page);
    auto inbox = page->inbox.load();
    if (inbox == 0 || members.entry(address.slot).serial.load() != address.serial)
      return {};
    return mailbox::open({inbox, object_kind::mailbox});
  } catch (const error& problem) {
    if (problem.code() == errc::resource_exhausted)
      throw;
    return {}; // it went meanwhile
  }
}

} // namespace

peer::peer(process_address address, mailbox inbox)
    : address_(address), node_(node_of(address)), inbox_(std::move(inbox)),
      gone_(!inbox_) {}

void peer::set_gone() {
  gone_.store(true);
  mailbox last; // let go of without the lock
  std::scoped_lock lock{guard_};
  last = std::exchange(inbox_, mailbox{});
}

peer_ptr peers::get(process_address address) {
  std::unique_lock lock{guard_};
  if (auto found = map_.find(address.serial); found != map_.end())
    return found->second;
  auto result = std::make_shared<peer>(address, find_inbox(address));
  map_.emplace(address.serial, result);
  lock.unlock();
  if (!result->gone()) {
    try {
      watch_member(address.slot, address.serial,
                   [this, address] { ended_(address); });
    } catch (...) {
      std::scoped_lock again{guard_};
      map_.erase(address.serial);
      throw;
    }
  }
  return result;
}

} // namespace ramet::detail
