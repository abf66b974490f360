// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The small steps that putting, taking and repairing share.

#pragma once

#include "frame.hpp"
#include "last_will.hpp"
#include "mailbox_core.hpp"

#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>

namespace ramet::detail {

inline std::uint64_t load(const std::atomic<std::uint64_t>& value) {
  return value.load(std::memory_order_relaxed);
}

inline void set(cursor& target, std::uint64_t segment, std::uint64_t position) {
  target.segment.store(segment, std::memory_order_relaxed);
  target.position.store(position, std::memory_order_relaxed);
}

inline void set(cursor& target, const cursor& source) {
  set(target, load(source.segment), load(source.position));
  target.home.store(load(source.home), std::memory_order_relaxed);
}

inline cursor& current(mailbox_side& side) {
  return side.cursors[load(side.count) % 2];
}

inline frame_header read_header(const std::byte* at) {
  frame_header result;
  std::memcpy(&result, at, sizeof result);
  return result;
}

inline void write_header(std::byte* at, frame_header header) {
  std::memcpy(at, &header, sizeof header);
}

/// Where the other side stands, while it may be moving: its cursor is valid as
/// long as its count has not changed.
inline void snapshot(const mailbox_side& side, cursor& result) {
  for (;;) {
    auto count = side.count.load(std::memory_order_acquire);
    auto& from = side.cursors[count % 2];
    set(result, from);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (side.count.load(std::memory_order_relaxed) == count)
      return;
  }
}

/// Holds one side's lock; repairs the side when the last owner died.
class mailbox_core::side_lock {
public:
  side_lock(mailbox_core& core, mailbox_side& side,
            void (mailbox_core::*repair)())
      : side_(side) {
    settle(core, side.lock.lock(), repair);
  }
  // Waits no longer than that; see locked().
  side_lock(mailbox_core& core, mailbox_side& side,
            void (mailbox_core::*repair)(), deadline until)
      : side_(side) {
    settle(core, side.lock.lock_until(until), repair);
  }
  // Does not wait; see locked().
  side_lock(mailbox_core& core, mailbox_side& side,
            void (mailbox_core::*repair)(), std::try_to_lock_t)
      : side_(side) {
    settle(core, side.lock.try_lock(), repair);
  }
  side_lock(const side_lock&) = delete;
  side_lock& operator=(const side_lock&) = delete;
  ~side_lock() {
    if (locked_)
      side_.lock.unlock();
  }
  bool locked() const { return locked_; }

private:
  void settle(mailbox_core& core, lock_result result,
              void (mailbox_core::*repair)()) {
    if (result == lock_result::timed_out)
      return;
    if (result == lock_result::owner_died)
      side_.lock.recovered();
    // A step was begun and not made: its maker died, or so did somebody's
    // repair of it for want of memory. Then it is tried again.
    if (load(side_.pending_count) == load(side_.count) + 1
        || result == lock_result::owner_died) {
      try {
        (core.*repair)();
      } catch (...) {
        side_.lock.unlock();
        throw;
      }
    }
    locked_ = true;
  }

  last_wills_wait wait_; // first: goes when the lock is given up
  mailbox_side& side_;
  bool locked_ = false;
};

/// The message that is next to be taken, and what goes with it.
struct mailbox_core::found_frame {
  cursor at;
  cursor after;
  std::uint64_t left_segment = home_segment; // followed a link out of it
  std::uint64_t parcel_id = 0;
  std::uint64_t parcel_size = 0;
  std::shared_ptr<incoming_parcel> parcel;
  incoming message;
};

} // namespace ramet::detail
