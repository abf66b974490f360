// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A descriptor that becomes readable when a mailbox does: for poll, epoll,
/// event loops, and waiting on mixed things.

#pragma once

#include "os_posix.hpp"
#include "process_set.hpp"

#include <atomic>
#include <cstdint>
#include <string>

namespace ramet::detail {

/// In the mailbox: which processes want to be rung. All zero: nobody.
class doorbell_board {
public:
  /// After this, the next ring() rings `slot`, once.
  void arm(process_slot slot) {
    armed_.insert(slot);
    words_.fetch_or(word_bit(slot), std::memory_order_seq_cst);
  }
  void disarm(process_slot slot) { armed_.erase(slot); }

  /// Call after the change is visible and a full fence.
  void ring(std::uint64_t object, std::uint32_t part) {
    if (words_.load(std::memory_order_relaxed) != 0)
      ring_armed(object, part);
  }
  /// Rings whoever has a bell, armed or not: for when somebody who should
  /// have rung was killed.
  static void ring_all(std::uint64_t object, std::uint32_t part,
                       const process_set& holders) noexcept;

private:
  static std::uint64_t word_bit(process_slot slot) {
    return std::uint64_t{1} << (slot / 64);
  }
  void ring_armed(std::uint64_t object, std::uint32_t part);

  std::atomic<std::uint64_t> words_; // bit i: word i of armed_ may not be empty
  process_set armed_;
};

/// This process's bell at one mailbox: a FIFO that others find by name.
class doorbell {
public:
  doorbell() = default;
  /// @throws error resource_exhausted, os_failure
  doorbell(std::uint64_t object, std::uint32_t part);
  doorbell(doorbell&&) noexcept = default;
  doorbell& operator=(doorbell&&) noexcept = default;
  ~doorbell();

  explicit operator bool() const { return static_cast<bool>(fifo_); }
  int fd() const { return fifo_.get(); }
  void silence();
  /// In a fork: closes it, and removes nothing.
  void leave_to_original() noexcept { fifo_.reset(); }
  void ring_self();

  static void remove(std::uint64_t object, std::uint32_t part,
                     process_slot slot) noexcept;

private:
  std::string path_;
  unique_fd fifo_;
};

} // namespace ramet::detail
