// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "lifetime.hpp"
#include "mailbox_steps.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

namespace ramet::detail {

namespace {

// Larger messages go out of line.
constexpr std::size_t max_inline_frame = home_capacity / 8;

// Backed with memory at the first message; then doubled.
constexpr std::size_t first_home_reserve = 16 * 1024;

// What may lie unread out of line in a pipe, beyond one message.
constexpr std::uint64_t max_parcel_bytes = 64 * 1024 * 1024;

// See wait_for_consumers(). A consumer that sleeps takes some 50 us to come,
// more on a busy machine; a new segment costs more.
constexpr std::size_t ring_parts_to_wait_for = 4;
constexpr int pauses_between_looks = 16;
constexpr std::chrono::microseconds longest_standstill{250};
constexpr std::chrono::milliseconds longest_wait_for_consumers{2};

} // namespace

bool mailbox_core::room_for_message() const {
  if (control_.maxsize == 0)
    return true;
  // In this order: what is put only grows, so the difference is never below 0.
  auto taken = control_.consumers.count.load(std::memory_order_acquire);
  return load(control_.producers.count) - taken < control_.maxsize;
}

// Are so many bytes free after `at`, as far as we know of the consumers?
bool mailbox_core::fits(const cursor& at, std::size_t bytes) {
  auto segment = load(at.segment);
  auto capacity = put_segment_.get(segment).capacity;
  // Consumers who have not arrived in this segment free nothing in it yet.
  auto start = segment == home_segment ? load(at.home) : std::uint64_t{0};
  auto head =
      known_consumers_.segment == segment ? known_consumers_.position : start;
  return load(at.position) + bytes - head <= capacity;
}

// Finds room for a frame of `bytes` (and a link after it) in the producers'
// segment. Puts a skip mark where the lap ends too early.
bool mailbox_core::find_room(std::size_t bytes, cursor& at) {
  auto segment = load(at.segment);
  auto position = load(at.position);
  auto& ring = put_segment_.get(segment);
  auto contiguous = ring.contiguous(position);
  auto needed =
      (bytes <= contiguous ? bytes : contiguous + bytes) + link_reserve;
  if (!fits(at, needed)) {
    cursor consumers;
    snapshot(control_.consumers, consumers);
    known_consumers_ = {load(consumers.segment), load(consumers.position)};
    if (!fits(at, needed))
      return false;
  }
  if (segment == home_segment)
    grow_home(position, needed);
  if (bytes > contiguous) {
    write_header(ring.at(position), {skip_mark, 0, 0});
    at.position.store(position + contiguous, std::memory_order_relaxed);
  }
  return true;
}

// Backs the home segment up to where the next bytes go; nothing to do after
// its first lap.
void mailbox_core::grow_home(std::uint64_t position, std::size_t bytes) {
  auto reserved = load(control_.home_reserved);
  auto end = static_cast<std::size_t>(position % home_capacity) + bytes;
  if (end <= reserved || reserved == home_capacity)
    return;
  auto wanted = std::max(reserved * 2, std::uint64_t{first_home_reserve});
  while (wanted < end)
    wanted *= 2;
  wanted = std::min<std::uint64_t>(wanted, home_capacity);
  segment::reserve(family::mine().path_of(object_),
                   control_.home_offset + reserved,
                   control_.home_offset + wanted);
  control_.home_reserved.store(wanted, std::memory_order_release);
}

// Writes at `from` that the next message is elsewhere. Returns where the link
// ends.
std::uint64_t mailbox_core::link_to(const cursor& from, std::uint64_t segment,
                                    std::uint64_t position) {
  auto& ring = put_segment_.get(load(from.segment));
  auto here = load(from.position);
  if (ring.contiguous(here) < link_bytes) {
    write_header(ring.at(here), {skip_mark, 0, 0});
    here += ring.contiguous(here);
  }
  write_header(ring.at(here), {link_mark, 0, 0});
  link_target target{segment, position};
  std::memcpy(ring.at(here) + sizeof(frame_header), &target, sizeof target);
  return here + link_bytes;
}

// A ring that consumers are just emptying has room in a moment, and stays in
// the cache; a new segment costs fresh memory. Waits only as long as they make
// progress, and for no more than what a new segment would cost.
bool mailbox_core::wait_for_consumers(const cursor& at, std::size_t bytes) {
  using clock = std::chrono::steady_clock;
  auto capacity = put_segment_.get(load(at.segment)).capacity;
  // For many messages: each look takes the cursors' line from the consumers.
  auto wanted = std::max(bytes, capacity / ring_parts_to_wait_for);
  auto taken = [&] {
    return control_.consumers.count.load(std::memory_order_acquire);
  };
  auto has_room = [&](std::size_t how_much) {
    cursor probe;
    set(probe, at);
    return find_room(how_much, probe);
  };
  auto last = taken();
  if (last == stood_still_at_) // they still do: nobody reads
    return false;
  auto start = clock::now();
  auto last_progress = start;
  for (;;) {
    for (int i = 0; i < pauses_between_looks; ++i)
      relax();
    if (has_room(wanted))
      return true;
    auto now = clock::now();
    if (auto count = taken(); count != last) {
      last = count;
      last_progress = now;
    }
    if (now - last_progress >= longest_standstill)
      stood_still_at_ = last;
    if (last == stood_still_at_ || now - start >= longest_wait_for_consumers)
      return has_room(bytes);
    std::this_thread::yield();
  }
}

// Lets the chain go on in a new, larger segment.
void mailbox_core::extend_chain(cursor& at, std::size_t frame) {
  auto& side = control_.producers;
  auto& ring = put_segment_.get(load(at.segment));
  auto capacity = std::min(ring.capacity * 4, max_chained_capacity);
  while (capacity < frame + link_reserve)
    capacity *= 2;
  auto id = family::mine().next_object_id();
  side.pending_segment.store(id, std::memory_order_relaxed);
  side.pending_count.store(load(side.count) + 1, std::memory_order_release);
  make_chained_segment(id, capacity);
  auto left = link_to(at, id, 0);
  if (load(at.segment) == home_segment)
    at.home.store(left, std::memory_order_relaxed);
  set(at, id, 0);
}

void mailbox_core::enter_refs(std::span<const object_ref> refs,
                              const cursor& frame) {
  auto& side = control_.producers;
  set(side.pending_frame, frame);
  side.pending_refs.store(0, std::memory_order_relaxed);
  side.pending_count.store(load(side.count) + 1, std::memory_order_release);
  for (std::uint32_t i = 0; i < refs.size(); ++i)
    hold_by_message(refs[i], {side.pending_refs, side.pending_holds, i, i + 1});
}

put_status mailbox_core::put_locked(const outgoing& message,
                                    outgoing_parcel* parcel, receipt* where) {
  auto& side = control_.producers;
  auto payload = parcel ? sizeof(parcel_note) : message.size;
  auto bytes = frame_bytes(parcel ? 0 : message.refs, payload);
  cursor at;
  set(at, current(side));

  if (load(at.segment) != home_segment
      && control_.consumers.count.load(std::memory_order_acquire)
             == load(side.count)) {
    // All is read: go home, so that the further segment can be freed.
    auto home = load(at.home);
    link_to(at, home_segment, home);
    set(at, home_segment, home);
  }
  if (!find_room(bytes, at)) {
    if (!control_.chained)
      return put_status::timed_out;
    if (wait_for_consumers(at, bytes))
      find_room(bytes, at);
    else
      extend_chain(at, bytes);
  }

  auto* frame = put_segment_.get(load(at.segment)).at(load(at.position));
  write_header(frame, {static_cast<std::uint32_t>(payload),
                       static_cast<std::uint32_t>(message.refs)
                           | (parcel ? out_of_line : 0),
                       message.type});
  auto* refs = reinterpret_cast<object_ref*>(frame + sizeof(frame_header));
  if (parcel) {
    auto note = parcel->note();
    std::memcpy(frame + sizeof(frame_header), &note, sizeof note);
    side.pending_parcel.store(note.parcel, std::memory_order_relaxed);
    side.pending_count.store(load(side.count) + 1, std::memory_order_release);
    parcel->hand_over();
    if (message.refs > 0)
      enter_refs(parcel->refs(), at);
  } else {
    message.write(
        message.value,
        {reinterpret_cast<std::byte*>(refs + message.refs), message.size},
        {refs, message.refs});
    if (message.refs > 0)
      enter_refs({refs, message.refs}, at);
  }

  auto count = load(side.count) + 1;
  if (where)
    *where = {count, load(at.segment), load(at.position)};
  at.position.store(load(at.position) + bytes, std::memory_order_relaxed);
  set(side.cursors[count % 2], at);
  side.count.store(count, std::memory_order_release); // published
  // Whoever is killed between is killed after the store, not before.
  std::atomic_signal_fence(std::memory_order_seq_cst);
  side.pending_segment.store(0, std::memory_order_relaxed);
  side.pending_parcel.store(0, std::memory_order_relaxed);
  side.pending_refs.store(0, std::memory_order_relaxed);

  control_.bytes_put.store(load(control_.bytes_put) + message.size,
                           std::memory_order_relaxed);
  if (parcel)
    control_.parcel_bytes_put.store(load(control_.parcel_bytes_put)
                                        + message.size,
                                    std::memory_order_release);
  return put_status::done;
}

std::size_t mailbox_core::bytes_in_use() const {
  cursor producers;
  cursor consumers;
  snapshot(control_.consumers, consumers); // first: it is the one behind
  snapshot(control_.producers, producers);
  return load(producers.position) - load(consumers.position);
}

// A pipe takes one large message, and more while they are not too much.
bool mailbox_core::room_for_parcel(std::uint64_t size) const {
  if (control_.chained || size == 0)
    return true;
  auto taken = control_.parcel_bytes_taken.load(std::memory_order_acquire);
  auto unread =
      control_.parcel_bytes_put.load(std::memory_order_acquire) - taken;
  return unread == 0 || unread + size <= max_parcel_bytes;
}

// Without the lock, for a mailbox of one segment: would a frame of `bytes` fit?
bool mailbox_core::room_likely(std::size_t bytes) const {
  return control_.chained
         || bytes_in_use() + 2 * bytes + 2 * link_reserve <= home_capacity;
}

bool mailbox_core::half_empty() const {
  return control_.chained || bytes_in_use() <= home_capacity / 2;
}

void mailbox_core::wait_for_room(std::size_t frame, std::uint64_t parcel,
                                 deadline until) {
  auto room_beside = [&] {
    return room_for_message() && room_for_parcel(parcel);
  };
  if (put_spinner_.spin(
          [&] { return closed() || (room_beside() && room_likely(frame)); }))
    return;
  // Woken when half of the ring is free: one wake for many messages.
  control_.not_full.park(
      [&] { return closed() || (room_beside() && half_empty()); }, until);
}

put_status mailbox_core::put(const outgoing& message, deadline until,
                             receipt* where) {
  if (closed())
    return put_status::closed;
  std::optional<outgoing_parcel> parcel;
  auto bytes = frame_bytes(message.refs, message.size);
  std::uint64_t parcel_size = 0;
  if (bytes > max_inline_frame) {
    if (until.is_now()
        && !(room_for_message() && room_for_parcel(message.size)))
      return put_status::timed_out; // before all that work
    parcel.emplace(message, control_.spare_parcel, put_parcels_);
    bytes = frame_bytes(0, sizeof(parcel_note));
    parcel_size = message.size;
  } else if (put_parcels_.small_message()) {
    drop_spare();
  }
  // A consumer that stops reading before half of the ring is free wakes
  // nobody; so a producer looks again by itself, ever more rarely.
  auto recheck = std::chrono::milliseconds{1};
  for (;;) {
    {
      side_lock lock{*this, control_.producers,
                     &mailbox_core::repair_producers};
      if (closed())
        return put_status::closed;
      if (room_for_message() && room_for_parcel(parcel_size)) {
        try {
          if (put_locked(message, parcel ? &*parcel : nullptr, where)
              == put_status::done)
            break;
        } catch (...) {
          repair_producers();             // takes back what was half done
          control_.not_full.notify_one(); // the next may have our place
          throw;
        }
      }
    }
    if (until.is_now()
        || (!until.is_never() && std::chrono::steady_clock::now() >= until.at))
      return put_status::timed_out;
    auto wake = until;
    if (!control_.chained) {
      wake = deadline::in(recheck);
      if (wake.at > until.at)
        wake = until;
      recheck *= 2;
    }
    wait_for_room(bytes, parcel_size, wake);
  }
  if (parcel)
    parcel->sent();
  notify_consumers();
  return put_status::done;
}

void mailbox_core::notify_consumers() {
  // Pairs with search() and spin_to_take(): either they see the message, or we
  // see that nobody looks any more.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (control_.not_empty.somebody_parked()
      && control_.searching.load(std::memory_order_relaxed) == 0
      && !somebody_spins())
    control_.not_empty.notify_one_after_fence();
  control_.bells.ring(object_, control_.part);
}

} // namespace ramet::detail
