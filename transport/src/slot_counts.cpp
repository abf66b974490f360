// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "slot_counts.hpp"

#include "layouts.hpp"
#include "segment.hpp"

#include <algorithm>
#include <cstddef>

namespace ramet::detail {

// To the end of the slot's page, so that few processes need to.
void slot_counts::back(const object& memory, process_slot slot) {
  auto begin = static_cast<std::size_t>(
      reinterpret_cast<const std::byte*>(counts_) - memory.data());
  auto end = in_pages(begin + (slot + 1) * sizeof counts_[0]);
  segment::reserve(family::mine().path_of(memory.id()), 0, end);
  auto more = static_cast<std::uint32_t>(
      std::min<std::size_t>((end - begin) / sizeof counts_[0], max_processes));
  auto before = backed_.load(std::memory_order_relaxed);
  while (before < more
         && !backed_.compare_exchange_weak(before, more,
                                           std::memory_order_release)) {
  }
}

} // namespace ramet::detail
