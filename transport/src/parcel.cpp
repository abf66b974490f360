// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "parcel.hpp"

#include "family.hpp"
#include "ledger.hpp"
#include "object.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <atomic>

namespace ramet::detail {

namespace {

// Payload first after the header: it must be aligned for any type.
struct alignas(64) parcel_header {
  object_header object;
  std::atomic<std::uint32_t> handed_over;
};

parcel_header& header_of(const segment& memory) {
  return *reinterpret_cast<parcel_header*>(memory.data());
}

std::size_t refs_offset(std::uint64_t payload) {
  return sizeof(parcel_header) + (payload + 15) / 16 * 16;
}

} // namespace

outgoing_parcel::outgoing_parcel(const outgoing& message)
    : id_(family::mine().next_object_id()),
      ledger_entry_(ledger::mine().insert(id_)) {
  auto path = family::mine().path_of(id_);
  try {
    auto size
        = refs_offset(message.size) + message.refs * sizeof(object_ref);
    memory_ = segment::create(path, size, size);
    auto& header = header_of(memory_).object;
    header.version = object_version;
    header.kind = object_kind::parcel;
    header.id = id_;
    header.magic = object_magic;
    refs_ = {reinterpret_cast<object_ref*>(memory_.data()
                                           + refs_offset(message.size)),
             message.refs};
    message.write(message.value,
                  {memory_.data() + sizeof(parcel_header), message.size},
                  refs_);
  } catch (...) {
    segment::remove(path);
    ledger::mine().erase(ledger_entry_);
    throw;
  }
}

outgoing_parcel::~outgoing_parcel() {
  if (!sent_)
    segment::remove(family::mine().path_of(id_));
  ledger::mine().erase(ledger_entry_);
}

void outgoing_parcel::hand_over() {
  header_of(memory_).handed_over.store(1, std::memory_order_release);
}

incoming open_parcel(std::uint64_t id, std::uint64_t size,
                     std::uint32_t refs) {
  auto path = family::mine().path_of(id);
  auto memory = segment::open(path);
  if (!memory || size > memory.size()
      || memory.size() != refs_offset(size) + refs * sizeof(object_ref))
    throw error(errc::protocol,
                fmt::format("receiving a message of {} bytes: its segment {} "
                            "is missing or of another size; it was damaged "
                            "from outside",
                            size, path));
  auto owner = std::make_shared<segment>(std::move(memory));
  auto* data = owner->data();
  return {0,
          {data + sizeof(parcel_header), size},
          {reinterpret_cast<const object_ref*>(data + refs_offset(size)), refs},
          std::move(owner)};
}

bool parcel_is_abandoned(const segment& memory) {
  return memory.size() >= sizeof(parcel_header)
         && header_of(memory).handed_over.load(std::memory_order_acquire) == 0;
}

} // namespace ramet::detail
