// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The end of things: what happens to an object when its last holder lets go,
/// and when one of its holders dies.

#pragma once

#include "family.hpp"

#include <ramet/detail/message.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ramet::detail {

/// Frees an object that nobody holds: its unread messages let go of what they
/// hold, a last will is carried out (soon, if a mailbox's lock is held), a
/// descriptor's keeper is told, and its files are removed. May be repeated.
/// Never throws.
void free_object(std::uint64_t id, std::byte* data) noexcept;

/// This process is about to let go of an object: what it counts there as its
/// own must not become that of the next process in its slot.
void leave_object(std::byte* data) noexcept;

/// Whether a process came to its regular end (it returned, or called exit), or
/// was killed, or was ended by an exception.
enum class departure : bool { left, died };

/// Puts an object right after the end of a holder: repairs locks that it
/// died in, closes what it owned, wakes everybody who waits, frees the object
/// if nobody else holds it. May be repeated. Never throws.
void bury_holder(std::uint64_t id, process_slot dead, departure how) noexcept;

/// How far somebody is with the references of a message, written down for who
/// goes on when he is killed.
struct ref_step {
  static constexpr std::uint32_t begun = 0x8000'0000;
  /// Beside 0: nothing is done yet, but it will be.
  static constexpr std::uint32_t certain = 0x4000'0000;

  std::atomic<std::uint32_t>& progress;
  /// The object's count of holds as it was before: tells whether the step was
  /// made, unless others have changed the count since.
  std::atomic<std::uint64_t>& holds_before;
  std::uint32_t index; ///< of the reference
  std::uint32_t after; ///< what `progress` is when it is done

  /// Changes the count by `change`, with a note of it.
  void make(std::atomic<std::uint64_t>& holds, std::uint64_t change) const {
    auto before = holds.load(std::memory_order_seq_cst);
    do {
      holds_before.store(before, std::memory_order_seq_cst);
      progress.store(index | begun, std::memory_order_seq_cst);
    } while (!holds.compare_exchange_weak(before, before + change,
                                          std::memory_order_seq_cst));
  }
  void end() const { progress.store(after, std::memory_order_release); }
};

/// A message that holds `ref` is about to be published.
/// @throws error closed when the sender does not own that pipe end any more
void hold_by_message(object_ref ref, ref_step step);

/// A message that holds `ref` is about to be dropped, as nobody can read it any
/// more: whoever it was for will not arrive at a barrier.
void abandon_by_message(object_ref ref) noexcept;

/// The message is gone; a pipe end that nobody took out of it is closed.
void release_by_message(object_ref ref, ref_step step) noexcept;

/// When somebody died in one of the above, at a step that was begun: closes a
/// pipe end that went astray, sees to it that the message holds nothing, and
/// frees what nobody holds. If others have changed the count of holds since he
/// was about to, and so nobody can tell whether he did, the object lives as
/// long as the family; better so than too short.
enum class died_while : bool { entering, releasing };
void settle_by_message(object_ref ref, died_while doing,
                       std::uint64_t holds_before) noexcept;

} // namespace ramet::detail
