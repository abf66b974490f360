// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A set of processes, one bit each, in shared memory.

#pragma once

#include "family.hpp"

#include <atomic>
#include <bit>
#include <cstdint>

namespace ramet::detail {

/// Lock-free; every change is one atomic operation, so a process killed at
/// any instruction is either in it or not.
class process_set {
public:
  void insert(process_slot slot) {
    words_[slot / 64].fetch_or(bit(slot), std::memory_order_seq_cst);
  }
  /// True when it was in the set.
  bool erase(process_slot slot) {
    return words_[slot / 64].fetch_and(~bit(slot), std::memory_order_seq_cst)
           & bit(slot);
  }
  bool empty() const {
    for (auto& word : words_)
      if (word.load(std::memory_order_seq_cst) != 0)
        return false;
    return true;
  }
  /// Calls `visit(slot)` for each member at the time of the look.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (std::uint32_t i = 0; i < std::size(words_); ++i)
      visit_word(i, words_[i].load(std::memory_order_seq_cst), visit);
  }
  /// Empties word `i` of 64 slots; calls `visit(slot)` for what was in it.
  template <class Visit>
  void drain_word(std::uint32_t i, Visit&& visit) {
    visit_word(i, words_[i].exchange(0, std::memory_order_seq_cst), visit);
  }

private:
  static std::uint64_t bit(process_slot slot) {
    return std::uint64_t{1} << (slot % 64);
  }
  template <class Visit>
  static void visit_word(std::uint32_t i, std::uint64_t word, Visit& visit) {
    for (; word != 0; word &= word - 1)
      visit(i * 64 + static_cast<process_slot>(std::countr_zero(word)));
  }

  std::atomic<std::uint64_t> words_[max_processes / 64];
};

} // namespace ramet::detail
