// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "chain.hpp"

#include "family.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <bit>

namespace ramet::detail {

namespace {

struct alignas(64) segment_header {
  std::uint64_t magic;
  std::uint64_t capacity;
};

constexpr std::uint64_t segment_magic = 0x4e'49'41'48'43'52; // "RCHAIN"

} // namespace

void make_chained_segment(std::uint64_t id, std::size_t capacity) {
  auto size = sizeof(segment_header) + capacity;
  auto memory =
      segment::create(family::mine().path_of(id), size, size, prefault::yes);
  *reinterpret_cast<segment_header*>(memory.data()) = {segment_magic, capacity};
}

void segment_cache::switch_to(std::uint64_t id) {
  if (id == home_segment) {
    memory_ = {};
    view_ = home_;
    id_ = id;
    return;
  }
  auto path = family::mine().path_of(id);
  auto memory = segment::open(path, prefault::yes);
  auto* header = reinterpret_cast<segment_header*>(memory.data());
  if (!memory || memory.size() < sizeof(segment_header)
      || header->magic != segment_magic
      || !std::has_single_bit(header->capacity)
      || header->capacity != memory.size() - sizeof(segment_header))
    throw error(errc::protocol,
                fmt::format("following a mailbox into segment {}: the file is "
                            "missing or damaged; messages in it are lost",
                            path));
  view_ = {memory.data() + sizeof(segment_header), header->capacity};
  memory_ = std::move(memory);
  id_ = id;
}

} // namespace ramet::detail
