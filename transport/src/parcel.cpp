// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "parcel.hpp"

#include "family.hpp"
#include "ledger.hpp"
#include "object.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <cstdio>

namespace ramet::detail {

namespace {

// Smaller ones cost little anyway; larger ones are too much to keep.
constexpr std::size_t min_recycled = 128 * 1024;
constexpr std::size_t max_recycled = 80 * 1024 * 1024;
constexpr int small_messages_before_trim = 256;

// Payload first after the header: it must be aligned for any type.
struct alignas(64) parcel_header {
  object_header object;
  std::atomic<std::uint32_t> handed_over;
  std::uint64_t storage;
};

parcel_header& header_of(const segment& memory) {
  return *reinterpret_cast<parcel_header*>(memory.data());
}

bool recyclable(std::size_t size) {
  return size >= min_recycled && size <= max_recycled;
}

std::size_t refs_offset(std::uint64_t payload) {
  return sizeof(parcel_header) + (payload + 15) / 16 * 16;
}

} // namespace

// -- cache --------------------------------------------------------------------

std::shared_ptr<segment> parcel_cache::find(std::uint64_t storage) {
  if (!used_.load(std::memory_order_relaxed))
    return nullptr;
  std::scoped_lock lock{guard_};
  small_messages_ = 0;
  for (auto& entry : entries_)
    if (entry.storage == storage)
      return entry.memory;
  return nullptr;
}

void parcel_cache::remember(std::uint64_t storage,
                            std::shared_ptr<segment> memory) {
  std::scoped_lock lock{guard_};
  entries_[next_] = {storage, std::move(memory)};
  next_ = (next_ + 1) % std::size(entries_);
  small_messages_ = 0;
  used_.store(true, std::memory_order_relaxed);
}

bool parcel_cache::note_small_message() {
  std::scoped_lock lock{guard_};
  if (++small_messages_ < small_messages_before_trim)
    return false;
  for (auto& entry : entries_)
    entry = {};
  used_.store(false, std::memory_order_relaxed);
  return true;
}

// -- sender -------------------------------------------------------------------

outgoing_parcel::outgoing_parcel(const outgoing& message,
                                 std::atomic<std::uint64_t>& spare,
                                 parcel_cache& cache)
    : id_(family::mine().next_object_id()), size_(message.size),
      ledger_entry_(ledger::mine().insert(id_)) {
  auto path = family::mine().path_of(id_);
  try {
    auto size = refs_offset(message.size) + message.refs * sizeof(object_ref);
    if (!take_spare(spare, cache, size)) {
      memory_ = std::make_shared<segment>(
          segment::create(path, size, size, prefault::yes));
      header_of(*memory_).storage = id_;
      if (recyclable(size))
        cache.remember(id_, memory_);
    }
    auto& header = header_of(*memory_);
    header.object.version = object_version;
    header.object.kind = object_kind::parcel;
    header.object.id = id_;
    header.object.magic = object_magic;
    auto* refs = memory_->data() + refs_offset(message.size);
    refs_ = {reinterpret_cast<object_ref*>(refs), message.refs};
    message.write(message.value,
                  {memory_->data() + sizeof(parcel_header), message.size},
                  refs_);
  } catch (...) {
    segment::remove(path);
    ledger::mine().erase(ledger_entry_);
    throw;
  }
}

// Whoever renames the file owns it, which the kernel decides.
bool outgoing_parcel::take_spare(std::atomic<std::uint64_t>& spare,
                                 parcel_cache& cache, std::size_t size) {
  auto old = spare.load(std::memory_order_acquire);
  if (old == 0)
    return false;
  auto path = family::mine().path_of(id_);
  bool ours =
      std::rename(family::mine().path_of(old).c_str(), path.c_str()) == 0;
  spare.compare_exchange_strong(old, 0, std::memory_order_acq_rel);
  if (!ours)
    return false;
  // Its name was the id of its last use, its header says the first one.
  auto memory = segment::open(path, prefault::no);
  if (memory && memory.size() >= size
      && (memory.size() <= 4 * size || memory.size() <= min_recycled)) {
    auto storage = header_of(memory).storage;
    memory_ = cache.find(storage);
    if (!memory_) {
      memory_ = std::make_shared<segment>(std::move(memory));
      cache.remember(storage, memory_);
    }
    return true;
  }
  segment::remove(path);
  return false;
}

outgoing_parcel::~outgoing_parcel() {
  if (!sent_)
    segment::remove(family::mine().path_of(id_));
  ledger::mine().erase(ledger_entry_);
}

parcel_note outgoing_parcel::note() const {
  return {id_, size_, header_of(*memory_).storage};
}

void outgoing_parcel::hand_over() {
  header_of(*memory_).handed_over.store(1, std::memory_order_release);
}

// -- receiver -----------------------------------------------------------------

incoming_parcel::incoming_parcel(const parcel_note& note, std::uint32_t refs,
                                 parcel_cache& cache)
    : note_(note), refs_(refs), memory_(cache.find(note.storage)) {
  auto path = family::mine().path_of(note.parcel);
  if (!memory_) {
    memory_ = std::make_shared<segment>(segment::open(path, prefault::yes));
    if (recyclable(memory_->size()))
      cache.remember(note.storage, memory_);
  }
  if (!*memory_ || note.size > memory_->size()
      || memory_->size() < refs_offset(note.size) + refs * sizeof(object_ref))
    throw error(errc::protocol,
                fmt::format("receiving a message of {} bytes: its segment {} "
                            "is missing or too short; it was damaged from "
                            "outside",
                            note.size, path));
}

incoming_parcel::~incoming_parcel() {
  if (claimed_by_ != family::mine().serial())
    return; // not claimed, or in a fork
  if (kept_) {
    if (auto open_box = box_.lock())
      recycle(*spare_);
    else
      segment::remove(family::mine().path_of(note_.parcel));
  }
  if (ledger_entry_)
    ledger::mine().erase(*ledger_entry_);
}

std::span<const std::byte> incoming_parcel::bytes() const {
  return {memory_->data() + sizeof(parcel_header), note_.size};
}

std::span<const object_ref> incoming_parcel::refs() const {
  auto* first = memory_->data() + refs_offset(note_.size);
  return {reinterpret_cast<const object_ref*>(first), refs_};
}

bool incoming_parcel::claim() {
  try {
    ledger_entry_ = ledger::mine().insert(note_.parcel);
    claimed_by_ = family::mine().serial();
    return true;
  } catch (const error&) {
    return false;
  }
}

void incoming_parcel::keep(std::weak_ptr<object> box,
                           std::atomic<std::uint64_t>& spare) {
  // From now on it is abandoned when we die.
  header_of(*memory_).handed_over.store(0, std::memory_order_release);
  box_ = std::move(box);
  spare_ = &spare;
  kept_ = true;
}

void incoming_parcel::recycle(std::atomic<std::uint64_t>& spare) {
  // So that it is abandoned from the start, should its next sender die.
  header_of(*memory_).handed_over.store(0, std::memory_order_release);
  std::uint64_t none = 0;
  if (!recyclable(memory_->size())
      || !spare.compare_exchange_strong(none, note_.parcel,
                                        std::memory_order_acq_rel))
    segment::remove(family::mine().path_of(note_.parcel));
}

bool parcel_is_abandoned(const segment& memory) {
  return memory.size() >= sizeof(parcel_header)
         && header_of(memory).handed_over.load(std::memory_order_acquire) == 0;
}

} // namespace ramet::detail
