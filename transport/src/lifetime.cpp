// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "lifetime.hpp"

#include "descriptor_transit.hpp"
#include "last_will.hpp"
#include "layouts.hpp"
#include "mailbox_core.hpp"
#include "memory_names.hpp"
#include "object.hpp"
#include "parcel.hpp"
#include "pipe_end.hpp"
#include "synchronization.hpp"

#include <ramet/error.hpp>

#include <exception>
#include <span>

namespace ramet::detail {

namespace {

// The mailboxes inside an object.
std::span<mailbox_control> mailboxes_of(std::byte* data) {
  switch (reinterpret_cast<object_header*>(data)->kind) {
  case object_kind::mailbox:
    return {&reinterpret_cast<mailbox_layout*>(data)->control, 1};
  case object_kind::pipe:
    return reinterpret_cast<pipe_layout*>(data)->boxes;
  default:
    return {};
  }
}

template <class Layout>
Layout& as(std::byte* data) {
  return *reinterpret_cast<Layout*>(data);
}

// What threads of the dead have left half done in one of these, or hold of it.
void bury_in_synchronization(std::byte* data, process_slot dead,
                             departure how) {
  switch (as<object_header>(data).kind) {
  case object_kind::mutex:
    return as<mutex_layout>(data).mutex.bury();
  case object_kind::shared_mutex:
    return as<shared_mutex_layout>(data).bury(dead);
  case object_kind::semaphore:
    return as<semaphore_layout>(data).bury(dead, how);
  case object_kind::condition_variable:
    return as<condition_layout>(data).bury();
  case object_kind::event:
    return as<event_layout>(data).lot.notify_all();
  case object_kind::latch:
    return as<latch_layout>(data).lot.notify_all();
  case object_kind::barrier:
    return as<barrier_layout>(data).bury(how);
  default:
    return;
  }
}

// Who makes or unlinks a block, and is killed, may leave it with a name by
// which nobody finds it.
void drop_lost_name(std::uint64_t id, shared_memory_layout& block) {
  if (block.named.load() != 0
      && !is_named({family::mine().directory(), id}, read_field(block.name)))
    block.drop_name();
}

bool has_end(const object_header& header, object_ref ref) {
  return header.kind == object_kind::pipe && ref.part < 2;
}

} // namespace

void free_object(std::uint64_t id, std::byte* data) noexcept {
  for (auto& control : mailboxes_of(data))
    mailbox_core{id, data, control}.clear();
  if (reinterpret_cast<object_header*>(data)->kind == object_kind::last_will) {
    if (last_wills_wait::here()) {
      last_wills_wait::postpone(id);
      return;
    }
    carry_out_last_will(data);
  }
  if (reinterpret_cast<object_header*>(data)->kind == object_kind::descriptor) {
    drop_at_keeper(reinterpret_cast<descriptor_layout*>(data)->keeper, id);
    return;
  }
  try {
    segment::remove(family::mine().path_of(id));
  } catch (...) { // out of memory: goes with the family
  }
}

void leave_object(std::byte* data) noexcept {
  try {
    auto mine = family::mine().slot();
    if (as<object_header>(data).kind == object_kind::shared_mutex)
      as<shared_mutex_layout>(data).forget(mine);
    else if (as<object_header>(data).kind == object_kind::semaphore)
      as<semaphore_layout>(data).forget(mine);
  } catch (const std::exception&) { // damaged
  }
}

void bury_holder(std::uint64_t id, process_slot dead, departure how) noexcept {
  try {
    auto memory = peek_object(id);
    if (!memory) {
      // Gone, or the dead was just making it: nobody else knows it then.
      segment::remove(family::mine().path_of(id));
      return;
    }
    auto* data = memory.data();
    auto& header = *reinterpret_cast<object_header*>(data);
    if (header.kind == object_kind::parcel) {
      if (parcel_is_abandoned(memory))
        segment::remove(family::mine().path_of(id));
      return;
    }
    if (header.kind == object_kind::pipe)
      for (std::uint32_t end = 0; end < 2; ++end) {
        auto& owners = reinterpret_cast<pipe_layout*>(data)->owners;
        auto owner = end_owner::unpack(owners[end].load());
        if (owner.who == dead)
          close_pipe_end(id, data, end, owner);
        else
          finish_closing(id, data, end);
      }
    for (auto& control : mailboxes_of(data))
      mailbox_core{id, data, control}.bury(dead, header.holders);
    bury_in_synchronization(data, dead, how);
    if (header.kind == object_kind::shared_memory)
      drop_lost_name(id, as<shared_memory_layout>(data));
    header.holders.erase(dead);
    if (header.unheld())
      free_object(id, data);
  } catch (const std::exception&) {
    // No memory to map it: it lives until the family ends.
  }
}

void abandon_by_message(object_ref ref) noexcept {
  if (ref.kind != object_kind::barrier)
    return;
  try {
    auto memory = peek_object(ref.object);
    if (memory && as<object_header>(memory.data()).kind == object_kind::barrier)
      as<barrier_layout>(memory.data()).bury(departure::died);
  } catch (const std::exception&) {
    // No memory to map it: as if the message could still be read.
  }
}

void hold_by_message(object_ref ref, ref_step step) {
  // The sender's handle keeps it open, so this does not map it anew.
  auto object = open_object(ref);
  auto& holds = object->header().message_holds;
  auto before = step.progress.load(std::memory_order_relaxed);
  step.make(holds, object_header::one_hold_more);
  try {
    if (has_end(object->header(), ref))
      send_pipe_end(object->as<pipe_layout>(), ref.part);
  } catch (...) {
    holds.fetch_add(object_header::one_hold_less);
    step.progress.store(before, std::memory_order_release);
    throw;
  }
  step.end();
}

namespace {

// `let_go(header)` takes the message's hold off.
template <class LetGo>
void let_go_by_message(object_ref ref, LetGo&& let_go) noexcept {
  try {
    auto memory = peek_object(ref.object);
    if (!memory)
      return;
    auto* data = memory.data();
    auto& header = *reinterpret_cast<object_header*>(data);
    if (static_cast<std::uint32_t>(header.message_holds.load()) == 0) {
      // A damaged message's reference: no message holds it. Or somebody took
      // the last hold off, and was killed when about to free it.
      if (header.unheld())
        free_object(ref.object, data);
      return;
    }
    if (has_end(header, ref))
      drop_pipe_end(ref.object, data, ref.part);
    let_go(header);
    if (header.unheld())
      free_object(ref.object, data);
  } catch (const std::exception&) {
    // No memory to map it: it lives until the family ends.
  }
}

} // namespace

void release_by_message(object_ref ref, ref_step step) noexcept {
  let_go_by_message(ref, [&](object_header& header) {
    step.make(header.message_holds, object_header::one_hold_less);
  });
  step.end();
}

void settle_by_message(object_ref ref, died_while doing,
                       std::uint64_t holds_before) noexcept {
  let_go_by_message(ref, [&](object_header& header) {
    // Held by the message still, as far as anybody can tell?
    auto held = doing == died_while::releasing
                    ? holds_before
                    : holds_before + object_header::one_hold_more;
    header.message_holds.compare_exchange_strong(
        held, held + object_header::one_hold_less);
  });
}

} // namespace ramet::detail
