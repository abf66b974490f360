// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The part of a mailbox that all processes share, beside its bytes.

#pragma once

#include "doorbell.hpp"
#include "parking.hpp"
#include "robust_mutex.hpp"

#include <atomic>
#include <cstdint>

namespace ramet::detail {

/// Where one side of a mailbox stands.
struct cursor {
  std::atomic<std::uint64_t> segment;
  std::atomic<std::uint64_t> position; ///< bytes since the segment's beginning
  /// Producers: where the present visit to the home segment began, or the next
  /// one will. So positions in it only grow, and an old one is never taken for
  /// a new one.
  std::atomic<std::uint64_t> home;
};

/// One side of a mailbox: the producers' or the consumers'.
///
/// `count` commits: while it is n, cursors[n % 2] is where the side stands,
/// and the other cursor is scratch. Whoever holds the lock prepares
/// cursors[(n + 1) % 2] and then stores n + 1. That one store publishes (or
/// consumes) message n and moves the cursor with it, so a side whose lock
/// owner was killed needs no repair of its position: it is where the last
/// store left it.
struct mailbox_side {
  alignas(64) robust_mutex lock;
  /// What belongs to the step to `pending_count` beside the ring, noted before
  /// it is touched; 0: nothing. Guarded by the lock; read by whoever gets the
  /// lock next after a death, or by the undertaker. The files are to be
  /// removed: producers' if the step was not made, consumers' once it was.
  std::atomic<std::uint64_t> pending_count;
  std::atomic<std::uint64_t> pending_segment;
  std::atomic<std::uint64_t> pending_parcel;
  /// How many references of the message at `pending_frame` were entered in
  /// (producers) or taken off (consumers) the objects' books; see ref_step.
  std::atomic<std::uint32_t> pending_refs;
  std::atomic<std::uint64_t> pending_holds; ///< see ref_step
  cursor pending_frame;

  alignas(64) std::atomic<std::uint64_t> count;
  cursor cursors[2];
};

struct mailbox_control {
  // Written once.
  std::uint64_t home_offset; ///< of the home segment, in the object's file
  std::uint64_t maxsize;     ///< in messages; 0: no limit
  std::uint32_t part;        ///< which mailbox of its object
  std::uint32_t chained;     ///< 1: takes further segments when one is full
  std::atomic<std::uint32_t> closed;

  mailbox_side producers;
  // Guarded by the producers' lock.
  std::atomic<std::uint64_t> home_reserved; ///< bytes backed by memory
  std::atomic<std::uint64_t> bytes_put;

  std::atomic<std::uint64_t> parcel_bytes_put;

  mailbox_side consumers;
  std::atomic<std::uint64_t> peak_depth; ///< as consumers have seen it
  // Guarded by the consumers' lock.
  std::atomic<std::uint64_t> parcel_bytes_taken;
  /// Id of a parcel that was read and may be used again; 0: none. Not guarded:
  /// put here by compare-and-swap, taken by renaming its file.
  std::atomic<std::uint64_t> spare_parcel;

  alignas(64) parking_lot not_empty;
  /// How many readers in mailbox_core::search() look for a message without
  /// sleeping: while there is one, nobody who sleeps need be woken.
  std::atomic<std::uint32_t> searching;
  /// The same for take(), whose readers are in several processes, and may be
  /// killed or stopped while they look: until when one does, in ns of the
  /// steady clock.
  std::atomic<std::int64_t> spinning_until;
  parking_lot not_full;
  parking_lot all_done;
  std::atomic<std::uint64_t> done; ///< messages reported by task_done()
  doorbell_board bells;
};

/// Fills a zeroed control.
void init_mailbox(mailbox_control& control, std::uint32_t part,
                  std::uint64_t home_offset, std::uint64_t maxsize,
                  bool chained);

} // namespace ramet::detail
