// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "object.hpp"

#include "layouts.hpp"
#include "ledger.hpp"
#include "lifetime.hpp"
#include "synchronization.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <mutex>
#include <unordered_map>

namespace ramet::detail {

namespace {

struct registry {
  std::mutex guard; // of the map
  std::unordered_map<std::uint64_t, std::weak_ptr<object>> open;

  static registry& mine() {
    static auto* instance = new registry; // outlives static handles
    return *instance;
  }
};

// The deleter of every object_ptr.
void let_go(object* closing) noexcept {
  std::unique_ptr<object> owner{closing};
  if (family::mine().is_guest()) {
    owner.release(); // the hold is the member's, and so is all beside it
    return;
  }
  if (family::mine().is_settled())
    return;
  auto& self = registry::mine();
  {
    std::scoped_lock lock{self.guard};
    auto found = self.open.find(closing->id());
    // Somebody may have opened it anew while we waited for the guard.
    if (found != self.open.end() && !found->second.expired()) {
      ledger::mine().erase(closing->ledger_entry());
      return;
    }
    if (found != self.open.end())
      self.open.erase(found);
    leave_object(closing->data());
    closing->header().holders.erase(family::mine().slot());
  }
  if (closing->header().unheld())
    free_object(closing->id(), closing->data());
  ledger::mine().erase(closing->ledger_entry());
}

// Of a file that the object may be used in.
std::size_t least_bytes(object_kind kind) {
  switch (kind) {
  case object_kind::mailbox:
    return mailbox_layout::file_bytes();
  case object_kind::pipe:
    return pipe_layout::file_bytes();
  case object_kind::mutex:
    return sizeof(mutex_layout);
  case object_kind::last_will:
    return sizeof(last_will_layout);
  case object_kind::shared_memory:
    return shared_memory_layout::head_bytes();
  case object_kind::shared_mutex:
    return sizeof(shared_mutex_layout);
  case object_kind::semaphore:
    return sizeof(semaphore_layout);
  case object_kind::condition_variable:
    return sizeof(condition_layout);
  case object_kind::event:
    return sizeof(event_layout);
  case object_kind::latch:
    return sizeof(latch_layout);
  case object_kind::barrier:
    return sizeof(barrier_layout);
  case object_kind::descriptor:
    return sizeof(descriptor_layout);
  default:
    return sizeof(object_header);
  }
}

object_ptr adopt(segment memory, std::uint64_t id, std::uint32_t ledger_entry) {
  return {new object{std::move(memory), id, ledger_entry}, let_go};
}

} // namespace

object_ptr object_registry::create(object_kind kind, std::size_t size,
                                   std::size_t reserved) {
  auto& members = family::mine();
  auto id = members.next_object_id();
  // Listed before it exists: if we are killed in between, the undertaker
  // looks and finds nothing.
  auto entry = ledger::mine().insert(id);
  try {
    auto memory = segment::create(members.path_of(id), size, reserved);
    auto* header = reinterpret_cast<object_header*>(memory.data());
    header->version = object_version;
    header->kind = kind;
    header->id = id;
    header->holders.insert(members.slot());
    header->magic = object_magic;
    auto result = adopt(std::move(memory), id, entry);
    auto& self = registry::mine();
    std::scoped_lock lock{self.guard};
    self.open.emplace(id, result);
    return result;
  } catch (...) {
    ledger::mine().erase(entry);
    throw;
  }
}

std::vector<object_ptr> object_registry::all() {
  auto& self = registry::mine();
  std::scoped_lock lock{self.guard};
  std::vector<object_ptr> result;
  result.reserve(self.open.size());
  for (auto& [id, place] : self.open)
    if (auto one = place.lock())
      result.push_back(std::move(one));
  return result;
}

void check_object(const segment& memory, object_ref ref) {
  auto* header = reinterpret_cast<const object_header*>(memory.data());
  auto name = family::mine().path_of(ref.object);
  if (memory.size() < sizeof(object_header) || header->magic != object_magic)
    throw error(errc::protocol,
                fmt::format("opening shared object {}: the file is no object "
                            "of ramet; was it changed by another program?",
                            name));
  if (header->version != object_version)
    throw error(errc::protocol,
                fmt::format("opening shared object {}: it has version {}, "
                            "this program knows version {}; build all "
                            "processes with one version of ramet",
                            name, header->version, object_version));
  if (header->kind != ref.kind || header->id != ref.object)
    throw error(errc::protocol,
                fmt::format("opening shared object {}: it is of kind {}, "
                            "expected kind {}",
                            name, static_cast<unsigned>(header->kind),
                            static_cast<unsigned>(ref.kind)));
  if (memory.size() < least_bytes(header->kind))
    throw error(errc::protocol,
                fmt::format("opening shared object {}: the file has {} bytes "
                            "where {} are needed; was it cut off by another "
                            "program?",
                            name, memory.size(), least_bytes(header->kind)));
}

segment peek_object(std::uint64_t id) {
  auto memory = segment::open(family::mine().path_of(id));
  if (!memory || memory.size() < sizeof(object_header))
    return {};
  auto* header = reinterpret_cast<object_header*>(memory.data());
  if (header->magic != object_magic
      || memory.size() < least_bytes(header->kind))
    return {};
  return memory;
}

object_ptr open_object(object_ref ref) {
  auto& self = registry::mine();
  object_ptr result; // goes after the guard, should it be the last
  {
    std::scoped_lock lock{self.guard};
    auto found = self.open.find(ref.object);
    if (found != self.open.end())
      result = found->second.lock();
    if (result) {
      if (result->header().kind != ref.kind)
        throw error(errc::protocol,
                    "opening a shared object as one of another kind");
      return result;
    }
  }
  auto& members = family::mine();
  auto entry = ledger::mine().insert(ref.object);
  try {
    auto memory = segment::open(members.path_of(ref.object));
    if (!memory)
      throw error(errc::closed,
                  fmt::format("opening shared object {}: it is gone, as its "
                              "last holder let go of it",
                              members.path_of(ref.object)));
    check_object(memory, ref);
    std::scoped_lock lock{self.guard};
    auto& place = self.open[ref.object];
    if (auto other = place.lock()) { // another thread was faster
      ledger::mine().erase(entry);
      return other;
    }
    auto* header = reinterpret_cast<object_header*>(memory.data());
    header->holders.insert(members.slot());
    result = adopt(std::move(memory), ref.object, entry);
    place = result;
    return result;
  } catch (...) {
    ledger::mine().erase(entry);
    throw;
  }
}

} // namespace ramet::detail
