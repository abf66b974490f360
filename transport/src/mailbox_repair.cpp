// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// What is done to a mailbox when somebody has died, and at its own end.

#include "lifetime.hpp"
#include "mailbox_steps.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <optional>

namespace ramet::detail {

void mailbox_core::clear() noexcept {
  try {
    side_lock lock{*this, control_.consumers, &mailbox_core::repair_consumers};
    for (;;) {
      found_frame found;
      if (!find_frame(found))
        break;
      for (auto& ref : found.message.refs)
        abandon_by_message(ref);
      consume(found);
    }
    for (auto* side : {&control_.producers, &control_.consumers})
      if (auto id = load(current(*side).segment); id != home_segment)
        segment::remove(family::mine().path_of(id));
    drop_spare();
  } catch (const std::exception&) {
    // Damaged, or no memory to look: the rest goes with the family.
  }
}

void mailbox_core::bury(process_slot dead,
                        const process_set& holders) noexcept {
  try {
    side_lock{*this, control_.producers, &mailbox_core::repair_producers,
              std::try_to_lock};
    side_lock{*this, control_.consumers, &mailbox_core::repair_consumers,
              std::try_to_lock};
  } catch (const std::exception&) {
    // No memory to repair with. A side not reached tells its next owner.
  }
  control_.producers.lock.bury();
  control_.consumers.lock.bury();
  control_.bells.disarm(dead);
  doorbell::remove(object_, control_.part, dead);
  // The dead may have been about to wake somebody, or just woken.
  control_.not_empty.notify_all();
  control_.not_full.notify_all();
  control_.all_done.notify_all();
  doorbell_board::ring_all(object_, control_.part, holders);
}

std::span<const object_ref>
mailbox_core::refs_at(segment_cache& segments, parcel_cache& parcels,
                      const cursor& frame,
                      std::optional<incoming_parcel>& parcel) {
  auto* bytes = segments.get(load(frame.segment)).at(load(frame.position));
  auto header = read_header(bytes);
  auto* body = bytes + sizeof(frame_header);
  if (header.refs & out_of_line) {
    parcel_note note;
    std::memcpy(&note, body, sizeof note);
    return parcel.emplace(note, header.refs & ~out_of_line, parcels).refs();
  }
  return {reinterpret_cast<const object_ref*>(body), header.refs};
}

// Takes back what was done for a message that was not published.
void mailbox_core::repair_producers() {
  auto& side = control_.producers;
  if (load(side.pending_count) == load(side.count) + 1) {
    if (auto pending = side.pending_refs.load(std::memory_order_relaxed)) {
      std::optional<incoming_parcel> parcel;
      auto refs =
          refs_at(put_segment_, put_parcels_, side.pending_frame, parcel);
      auto entered = pending & ~ref_step::begun;
      if (entered != pending && entered < refs.size())
        settle_by_message(refs[entered], died_while::entering,
                          load(side.pending_holds));
      for (; entered > 0 && entered <= refs.size(); --entered)
        release_by_message(
            refs[entered - 1],
            {side.pending_refs, side.pending_holds, entered - 1, entered - 1});
    }
    for (auto* file : {&side.pending_segment, &side.pending_parcel})
      if (auto id = load(*file))
        segment::remove(family::mine().path_of(id));
  }
  side.pending_refs.store(0, std::memory_order_relaxed);
  side.pending_segment.store(0, std::memory_order_relaxed);
  side.pending_parcel.store(0, std::memory_order_relaxed);
  side.pending_count.store(0, std::memory_order_release);
}

// A message whose references were partly given up, or that carries a pipe's end
// and was shown to its receiver, counts as taken by the dead; any other stays.
void mailbox_core::repair_consumers() {
  auto& side = control_.consumers;
  auto pending = load(side.pending_count);
  auto given_up = side.pending_refs.load(std::memory_order_relaxed);
  if (pending == load(side.count) + 1 && given_up != 0) {
    std::optional<incoming_parcel> parcel;
    auto refs =
        refs_at(take_segment_, take_parcels_, side.pending_frame, parcel);
    auto released = given_up & ~(ref_step::begun | ref_step::certain);
    if ((given_up & ref_step::begun) && released < refs.size())
      settle_by_message(refs[released++], died_while::releasing,
                        load(side.pending_holds));
    for (; released < refs.size(); ++released)
      release_by_message(refs[released], {side.pending_refs, side.pending_holds,
                                          released, released + 1});
    side.count.store(pending, std::memory_order_release);
  }
  if (pending != 0 && pending == load(side.count))
    finish_consuming();
  side.pending_segment.store(0, std::memory_order_relaxed);
  side.pending_parcel.store(0, std::memory_order_relaxed);
  side.pending_refs.store(0, std::memory_order_relaxed);
  side.pending_count.store(0, std::memory_order_release);
}

} // namespace ramet::detail
