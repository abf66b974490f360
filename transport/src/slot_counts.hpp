// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A count for each process of a family, inside a shared object.

#pragma once

#include "family.hpp"
#include "object.hpp"

#include <atomic>
#include <cstdint>

namespace ramet::detail {

/// Stands at the end of an object's layout. The file is long enough for all
/// processes, but has memory only for those with small slots at first, and for
/// others when they first count. All zero: ready to use.
class slot_counts {
public:
  /// This process's. @throws error resource_exhausted
  std::atomic<std::uint32_t>& mine(const object& memory) {
    auto slot = family::mine().slot();
    if (slot >= backed_.load(std::memory_order_acquire)) [[unlikely]]
      back(memory, slot);
    return counts_[slot];
  }
  /// Of a process that may never have counted; null then.
  std::atomic<std::uint32_t>* of(process_slot slot) {
    return slot < backed_.load(std::memory_order_acquire) ? &counts_[slot]
                                                          : nullptr;
  }
  const std::atomic<std::uint32_t>* of(process_slot slot) const {
    return const_cast<slot_counts*>(this)->of(slot);
  }

private:
  void back(const object& memory, process_slot slot);

  std::atomic<std::uint32_t> backed_; // slots below have memory
  std::atomic<std::uint32_t> counts_[max_processes];
};

} // namespace ramet::detail
