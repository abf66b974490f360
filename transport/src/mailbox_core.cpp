// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "mailbox_core.hpp"

#include "frame.hpp"
#include "lifetime.hpp"
#include "parcel.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace ramet::detail {

namespace {

// Larger messages go out of line.
constexpr std::size_t max_inline_frame = home_capacity / 8;

// Backed with memory at the first message; then doubled.
constexpr std::size_t first_home_reserve = 16 * 1024;

// What may lie unread out of line in a pipe, beyond one message.
constexpr std::uint64_t max_parcel_bytes = 64 * 1024 * 1024;

std::uint64_t load(const std::atomic<std::uint64_t>& value) {
  return value.load(std::memory_order_relaxed);
}

void set(cursor& target, std::uint64_t segment, std::uint64_t position) {
  target.segment.store(segment, std::memory_order_relaxed);
  target.position.store(position, std::memory_order_relaxed);
}

void set(cursor& target, const cursor& source) {
  set(target, load(source.segment), load(source.position));
  target.home.store(load(source.home), std::memory_order_relaxed);
}

cursor& current(mailbox_side& side) {
  return side.cursors[load(side.count) % 2];
}

frame_header read_header(const std::byte* at) {
  frame_header result;
  std::memcpy(&result, at, sizeof result);
  return result;
}

void write_header(std::byte* at, frame_header header) {
  std::memcpy(at, &header, sizeof header);
}

// Where the other side stands, while it may be moving: its cursor is valid as
// long as its count has not changed.
void snapshot(const mailbox_side& side, cursor& result) {
  for (;;) {
    auto count = side.count.load(std::memory_order_acquire);
    auto& from = side.cursors[count % 2];
    set(result, from);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (side.count.load(std::memory_order_relaxed) == count)
      return;
  }
}

bool has_pipe_ends(const incoming& message) {
  return std::any_of(
      message.refs.begin(), message.refs.end(),
      [](const object_ref& ref) { return ref.kind == object_kind::pipe; });
}

[[noreturn]] void throw_damaged(std::uint64_t object,
                                const std::string& found) {
  throw error(errc::protocol,
              fmt::format("taking a message from mailbox {:x}: {}; its memory "
                          "was damaged from outside, make a new one",
                          object, found));
}

} // namespace

void init_mailbox(mailbox_control& control, std::uint32_t part,
                  std::uint64_t home_offset, std::uint64_t maxsize,
                  bool chained) {
  control.home_offset = home_offset;
  control.maxsize = maxsize;
  control.part = part;
  control.chained = chained;
  control.producers.lock.init();
  control.consumers.lock.init();
}

// Holds one side's lock; repairs the side when the last owner died.
class mailbox_core::side_lock {
public:
  side_lock(mailbox_core& core, mailbox_side& side,
            void (mailbox_core::*repair)())
      : side_(side) {
    settle(core, side.lock.lock(), repair);
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
    if (result == lock_result::owner_died) {
      // Also when the repair fails (no memory to map a file): what it did not
      // free goes with the family, and the mailbox itself is sound.
      side_.lock.recovered();
      try {
        (core.*repair)();
      } catch (...) {
        side_.lock.unlock();
        throw;
      }
    }
    locked_ = true;
  }

  mailbox_side& side_;
  bool locked_ = false;
};

mailbox_core::mailbox_core(std::uint64_t object, std::byte* data,
                           mailbox_control& control,
                           std::weak_ptr<detail::object> keeper)
    : object_(object), keeper_(std::move(keeper)), control_(control),
      put_segment_({data + control.home_offset, home_capacity}),
      take_segment_({data + control.home_offset, home_capacity}) {}

// -- producers ----------------------------------------------------------------

bool mailbox_core::room_for_message() const {
  return control_.maxsize == 0
         || load(control_.producers.count)
                    - control_.consumers.count.load(std::memory_order_acquire)
                < control_.maxsize;
}

// Are so many bytes free after `at`, as far as we know of the consumers?
bool mailbox_core::fits(const cursor& at, std::size_t bytes) {
  auto segment = load(at.segment);
  auto capacity = put_segment_.get(segment).capacity;
  // Consumers who have not arrived in this segment free nothing in it yet.
  auto start = segment == home_segment ? load(at.home) : std::uint64_t{0};
  auto head = known_consumers_.segment == segment ? known_consumers_.position
                                                  : start;
  return load(at.position) + bytes - head <= capacity;
}

// Finds room for a frame of `bytes` (and a link after it) in the producers'
// segment. Puts a skip mark where the lap ends too early.
bool mailbox_core::find_room(std::size_t bytes, cursor& at) {
  auto segment = load(at.segment);
  auto position = load(at.position);
  auto& ring = put_segment_.get(segment);
  auto contiguous = ring.contiguous(position);
  auto needed = (bytes <= contiguous ? bytes : contiguous + bytes)
                + link_reserve;
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
// the cache; a new segment costs fresh memory. Waits only as long as they
// make progress.
bool mailbox_core::wait_for_consumers(const cursor& at, std::size_t bytes) {
  auto last = control_.consumers.count.load(std::memory_order_acquire);
  for (int i = 0; i < 64; ++i) {
    put_spinner_.spin([&] {
      return control_.consumers.count.load(std::memory_order_relaxed)
             >= last + 64;
    });
    cursor probe;
    set(probe, at);
    if (find_room(bytes, probe))
      return true;
    auto now = control_.consumers.count.load(std::memory_order_acquire);
    if (now == last)
      return false;
    last = now;
  }
  return false;
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
    hold_by_message(refs[i], {side.pending_refs, i, i + 1});
}

put_status mailbox_core::put_locked(const outgoing& message,
                                    outgoing_parcel* parcel) {
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
  write_header(frame,
               {static_cast<std::uint32_t>(payload),
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
    message.write(message.value,
                  {reinterpret_cast<std::byte*>(refs + message.refs),
                   message.size},
                  {refs, message.refs});
    if (message.refs > 0)
      enter_refs({refs, message.refs}, at);
  }

  auto count = load(side.count) + 1;
  at.position.store(load(at.position) + bytes, std::memory_order_relaxed);
  set(side.cursors[count % 2], at);
  side.count.store(count, std::memory_order_release); // published
  side.pending_segment.store(0, std::memory_order_relaxed);
  side.pending_parcel.store(0, std::memory_order_relaxed);
  side.pending_refs.store(0, std::memory_order_relaxed);

  control_.bytes_put.store(load(control_.bytes_put) + message.size,
                           std::memory_order_relaxed);
  if (parcel)
    control_.parcel_bytes_put.store(
        load(control_.parcel_bytes_put) + message.size,
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
  auto unread
      = control_.parcel_bytes_put.load(std::memory_order_acquire) - taken;
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
  if (put_spinner_.spin([&] {
        return closed() || (room_beside() && room_likely(frame));
      }))
    return;
  // Woken when half of the ring is free: one wake for many messages.
  control_.not_full.park(
      [&] { return closed() || (room_beside() && half_empty()); }, until);
}

put_status mailbox_core::put(const outgoing& message, deadline until) {
  if (closed())
    return put_status::closed;
  std::optional<outgoing_parcel> parcel;
  auto bytes = frame_bytes(message.refs, message.size);
  std::uint64_t parcel_size = 0;
  if (bytes > max_inline_frame) {
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
          if (put_locked(message, parcel ? &*parcel : nullptr)
              == put_status::done)
            break;
        } catch (...) {
          repair_producers(); // takes back what was half done
          control_.not_full.notify_one(); // the next may have our place
          throw;
        }
      }
    }
    if (until.is_now()
        || (!until.is_never()
            && std::chrono::steady_clock::now() >= until.at))
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
  control_.not_empty.notify_one(); // begins with a full fence
  control_.bells.ring(object_, control_.part);
}

// -- consumers ----------------------------------------------------------------

struct mailbox_core::found_frame {
  cursor at;
  cursor after;
  std::uint64_t left_segment = home_segment; // followed a link out of it
  std::uint64_t parcel_id = 0;
  std::uint64_t parcel_size = 0;
  std::shared_ptr<incoming_parcel> parcel;
  incoming message;
};

std::size_t mailbox_core::size() const {
  auto taken = control_.consumers.count.load(std::memory_order_acquire);
  return control_.producers.count.load(std::memory_order_acquire) - taken;
}

// Is there a message? Looks at the producers' count only when all that we knew
// of is taken.
bool mailbox_core::waiting() const {
  auto taken = control_.consumers.count.load(std::memory_order_acquire);
  if (known_put_.load(std::memory_order_acquire) > taken)
    return true;
  auto put = control_.producers.count.load(std::memory_order_acquire);
  known_put_.store(put, std::memory_order_release);
  if (put > taken && put - taken > load(control_.peak_depth))
    control_.peak_depth.store(put - taken, std::memory_order_relaxed);
  return put > taken;
}

bool mailbox_core::find_frame(found_frame& found) {
  auto& side = control_.consumers;
  auto count = load(side.count);
  if (known_put_.load(std::memory_order_acquire) <= count) {
    auto put = control_.producers.count.load(std::memory_order_acquire);
    if (put == count)
      return false;
    known_put_.store(put, std::memory_order_release);
  }
  auto segment = load(current(side).segment);
  auto position = load(current(side).position);
  frame_header header;
  const std::byte* frame = nullptr;
  for (int marks = 0;; ++marks) {
    if (marks > 4)
      throw_damaged(object_, "its links lead nowhere");
    auto& ring = take_segment_.get(segment);
    frame = ring.at(position);
    header = read_header(frame);
    if (header.size == skip_mark) {
      position += ring.contiguous(position);
    } else if (header.size == link_mark) {
      if (ring.contiguous(position) < link_bytes)
        throw_damaged(object_, "a link stands where none has room");
      link_target target;
      std::memcpy(&target, frame + sizeof(frame_header), sizeof target);
      found.left_segment = segment;
      segment = target.segment;
      position = target.position;
      if (position % frame_alignment != 0)
        throw_damaged(object_, "a link leads between frames");
    } else {
      break;
    }
  }
  bool large = header.refs & out_of_line;
  auto refs = header.refs & ~out_of_line;
  auto bytes = frame_bytes(large ? 0 : refs, header.size);
  auto left = take_segment_.get(segment).contiguous(position);
  if (bytes > left || (large && header.size != sizeof(parcel_note)))
    throw_damaged(object_,
                  fmt::format("a frame of {} bytes stands where {} are left",
                              bytes, left));
  set(found.at, segment, position);
  set(found.after, segment, position + bytes);
  auto* body = frame + sizeof(frame_header);
  if (large) {
    parcel_note note;
    std::memcpy(&note, body, sizeof note);
    found.parcel_id = note.parcel;
    found.parcel_size = note.size;
    try {
      found.parcel
          = std::make_shared<incoming_parcel>(note, refs, take_parcels_);
    } catch (const error& e) {
      if (e.code() == errc::protocol) { // else it would bar the way for ever
        consume(found);
        after_take();
      }
      throw;
    }
    found.message.type = header.type;
    found.message.bytes = found.parcel->bytes();
    found.message.refs = found.parcel->refs();
    found.message.storage = found.parcel;
  } else {
    auto* first = reinterpret_cast<const object_ref*>(body);
    found.message.type = header.type;
    found.message.refs = {first, refs};
    found.message.bytes
        = {reinterpret_cast<const std::byte*>(first + refs), header.size};
  }
  return true;
}

// From here on the message counts as taken should we die.
void mailbox_core::begin_consuming(const found_frame& found) {
  auto& side = control_.consumers;
  auto next = load(side.count) + 1;
  // What stands here of the message before is done with.
  side.pending_count.store(0, std::memory_order_seq_cst);
  set(side.cursors[next % 2], found.after);
  set(side.pending_frame, found.at);
  side.pending_segment.store(found.left_segment, std::memory_order_relaxed);
  side.pending_parcel.store(found.parcel_id, std::memory_order_relaxed);
  side.pending_refs.store(ref_step::certain, std::memory_order_relaxed);
  side.pending_count.store(next, std::memory_order_release);
}

void mailbox_core::forget_consuming() {
  auto& side = control_.consumers;
  side.pending_count.store(0, std::memory_order_release);
  side.pending_segment.store(0, std::memory_order_relaxed);
  side.pending_parcel.store(0, std::memory_order_relaxed);
  side.pending_refs.store(0, std::memory_order_release);
}

void mailbox_core::consume(found_frame& found) {
  auto& side = control_.consumers;
  auto next = load(side.count) + 1;
  set(side.cursors[next % 2], found.after);
  if (found.message.refs.empty() && found.parcel_id == 0
      && found.left_segment == home_segment) {
    side.count.store(next, std::memory_order_release); // consumed
    return;
  }
  bool kept = found.parcel && found.parcel.use_count() > 2; // by a view
  if (kept)
    found.parcel->claim();
  begin_consuming(found);
  // While the frame is still ours to read: after the store of the count
  // producers may overwrite it.
  auto& refs = found.message.refs;
  for (std::uint32_t i = 0; i < refs.size(); ++i)
    release_by_message(refs[i], {side.pending_refs, i, i + 1});
  side.count.store(next, std::memory_order_release); // consumed
  if (found.parcel_id != 0)
    control_.parcel_bytes_taken.store(load(control_.parcel_bytes_taken)
                                          + found.parcel_size,
                                      std::memory_order_release);
  if (found.parcel) {
    if (kept)
      found.parcel->keep(keeper_, control_.spare_parcel);
    else
      found.parcel->recycle(control_.spare_parcel);
    side.pending_parcel.store(0, std::memory_order_release);
  }
  finish_consuming();
}

// Removes the files that the consumed message left behind.
void mailbox_core::finish_consuming() {
  auto& side = control_.consumers;
  for (auto* file : {&side.pending_segment, &side.pending_parcel})
    if (auto id = load(*file)) {
      if (id != load(control_.spare_parcel))
        segment::remove(family::mine().path_of(id));
      file->store(0, std::memory_order_release);
    }
  side.pending_refs.store(0, std::memory_order_release);
}

take_status mailbox_core::take(receiver receive, deadline until) {
  for (;;) {
    if (waiting()) {
      bool taken = false;
      {
        side_lock lock{*this, control_.consumers,
                       &mailbox_core::repair_consumers};
        found_frame found;
        if (find_frame(found)) {
          taken = true;
          bool left = false;
          // An end of a pipe that we adopt and die with is gone: nobody else
          // could get it out of this message any more.
          if (has_pipe_ends(found.message))
            begin_consuming(found);
          try {
            left = receive(found.message) == verdict::leave;
          } catch (...) {
            consume(found); // else it would bar the way for ever
            after_take();
            throw;
          }
          if (left) {
            forget_consuming();
            // The wake that brought us here may be another's who wants it.
            control_.not_empty.notify_one();
            return take_status::done;
          }
          consume(found);
          if (!found.parcel)
            take_parcels_.small_message();
        }
      }
      if (taken) {
        after_take();
        return take_status::done;
      }
    }
    if (closed() && !waiting())
      return take_status::closed;
    auto look = [&] { return ready(); };
    if (!until.is_now()
        && (take_spinner_.spin(look) || control_.not_empty.park(look, until)))
      continue;
    if (has_bell_.load(std::memory_order_relaxed))
      rearm();
    return take_status::timed_out;
  }
}

void mailbox_core::after_take() {
  if (control_.maxsize != 0)
    control_.not_full.notify_one();
  else if (!control_.chained && control_.not_full.somebody_parked()
           && half_empty())
    control_.not_full.notify_one();
  if (has_bell_.load(std::memory_order_relaxed) && !waiting())
    rearm();
}

void mailbox_core::drop_spare() {
  if (auto id = control_.spare_parcel.exchange(0))
    segment::remove(family::mine().path_of(id));
}

// -- the end ------------------------------------------------------------------

void mailbox_core::close() {
  control_.closed.store(1, std::memory_order_seq_cst);
  control_.not_empty.notify_all();
  control_.not_full.notify_all();
  control_.bells.ring(object_, control_.part);
}

void mailbox_core::clear() noexcept {
  try {
    side_lock lock{*this, control_.consumers, &mailbox_core::repair_consumers};
    for (;;) {
      found_frame found;
      if (!find_frame(found))
        break;
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
  } catch (const std::exception&) { // the next one to lock tries again
  }
  control_.producers.lock.wake_waiters();
  control_.consumers.lock.wake_waiters();
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
      auto refs = refs_at(put_segment_, put_parcels_, side.pending_frame, parcel);
      auto entered = pending & ~ref_step::begun;
      if (entered != pending && entered < refs.size())
        settle_by_message(refs[entered]);
      for (; entered > 0 && entered <= refs.size(); --entered)
        release_by_message(refs[entered - 1],
                           {side.pending_refs, entered - 1, entered - 1});
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

// A message whose references were partly given up counts as taken by the dead;
// one that was only being looked at stays.
void mailbox_core::repair_consumers() {
  auto& side = control_.consumers;
  auto pending = load(side.pending_count);
  auto given_up = side.pending_refs.load(std::memory_order_relaxed);
  if (pending == load(side.count) + 1 && given_up != 0) {
    std::optional<incoming_parcel> parcel;
    auto refs = refs_at(take_segment_, take_parcels_, side.pending_frame, parcel);
    auto released = given_up & ~(ref_step::begun | ref_step::certain);
    if ((given_up & ref_step::begun) && released < refs.size())
      settle_by_message(refs[released++]);
    for (; released < refs.size(); ++released)
      release_by_message(refs[released],
                         {side.pending_refs, released, released + 1});
    side.count.store(pending, std::memory_order_release);
  }
  if (pending != 0 && pending == load(side.count))
    finish_consuming();
  side.pending_segment.store(0, std::memory_order_relaxed);
  side.pending_parcel.store(0, std::memory_order_relaxed);
  side.pending_refs.store(0, std::memory_order_relaxed);
  side.pending_count.store(0, std::memory_order_release);
}

// -- figures, join, native handle ---------------------------------------------

mailbox_stats mailbox_core::stats() const {
  mailbox_stats result;
  result.messages_taken
      = control_.consumers.count.load(std::memory_order_acquire);
  result.messages_put
      = control_.producers.count.load(std::memory_order_acquire);
  result.bytes_put = load(control_.bytes_put);
  result.peak_depth
      = std::max(load(control_.peak_depth),
                 result.messages_put - result.messages_taken);
  return result;
}

void mailbox_core::task_done() {
  auto done = load(control_.done);
  do {
    if (done >= control_.producers.count.load(std::memory_order_acquire))
      throw error(errc::protocol,
                  "task_done(): called more often than there were messages in "
                  "the queue; call it once a message got");
  } while (!control_.done.compare_exchange_weak(done, done + 1,
                                                std::memory_order_seq_cst));
  if (done + 1 == control_.producers.count.load(std::memory_order_seq_cst))
    control_.all_done.notify_all();
}

bool mailbox_core::join(deadline until) {
  return control_.all_done.park(
      [&] {
        return control_.done.load(std::memory_order_seq_cst)
               == control_.producers.count.load(std::memory_order_seq_cst);
      },
      until);
}

native_handle_type mailbox_core::native_handle() {
  {
    std::scoped_lock lock{bell_guard_};
    if (!bell_)
      bell_ = doorbell{object_, control_.part};
    else
      return bell_.fd();
  }
  has_bell_.store(true);
  rearm();
  return bell_.fd();
}

void mailbox_core::rearm() {
  std::scoped_lock lock{bell_guard_};
  bell_.silence();
  control_.bells.arm(family::mine().slot());
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (ready())
    bell_.ring_self();
}

} // namespace ramet::detail
