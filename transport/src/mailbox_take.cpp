// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "lifetime.hpp"
#include "mailbox_steps.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>

namespace ramet::detail {

namespace {

std::int64_t steady_now() {
  return std::chrono::nanoseconds{
      std::chrono::steady_clock::now().time_since_epoch()}
      .count();
}

bool has(object_kind kind, const incoming& message) {
  return std::any_of(message.refs.begin(), message.refs.end(),
                     [=](const object_ref& ref) { return ref.kind == kind; });
}

[[noreturn]] void throw_damaged(std::uint64_t object,
                                const std::string& found) {
  throw error(errc::protocol,
              fmt::format("taking a message from mailbox {:x}: {}; its memory "
                          "was damaged from outside, make a new one",
                          object, found));
}

} // namespace

bool mailbox_core::find_frame(found_frame& found) {
  auto& side = control_.consumers;
  auto count = load(side.count);
  if (known_put_.load(std::memory_order_acquire) <= count) {
    auto put = control_.producers.count.load(std::memory_order_acquire);
    if (put == count)
      return false;
    known_put_.store(put, std::memory_order_release);
  }
  found.message.number = count + 1;
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
      found.parcel =
          std::make_shared<incoming_parcel>(note, refs, take_parcels_);
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
    found.message.bytes = {reinterpret_cast<const std::byte*>(first + refs),
                           header.size};
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
  // If it cannot be entered in the ledger the file is removed at once, and its
  // memory goes with the view's mapping.
  bool claimed = kept && found.parcel->claim();
  if (load(side.pending_count) != next) // else begun, and not to be begun anew
    begin_consuming(found);
  // While the frame is still ours to read: after the store of the count
  // producers may overwrite it.
  auto& refs = found.message.refs;
  for (std::uint32_t i = 0; i < refs.size(); ++i)
    release_by_message(refs[i],
                       {side.pending_refs, side.pending_holds, i, i + 1});
  side.count.store(next, std::memory_order_release); // consumed
  if (found.parcel_id != 0)
    control_.parcel_bytes_taken.store(load(control_.parcel_bytes_taken)
                                          + found.parcel_size,
                                      std::memory_order_release);
  if (found.parcel && claimed == kept) {
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

void mailbox_core::leave_in_place() {
  forget_consuming();
  // The wake that brought us here may be another's who wants it.
  control_.not_empty.notify_one();
}

// Its receiver has thrown: else it would bar the way for ever.
void mailbox_core::drop_locked(found_frame& found) {
  consume(found);
  after_take();
}

// Needs the lock. Shows the next message, if there is one, to `first`, unless
// that is null, and then to `receive`.
mailbox_core::shown mailbox_core::take_locked(receiver receive,
                                              const receiver* first) {
  found_frame found;
  if (!find_frame(found))
    return shown::none;
  if (found.message.type == revoked_type) {
    consume(found);
    return shown::revoked;
  }
  bool left = false;
  try {
    left = first && (*first)(found.message) == verdict::leave;
    // An end of a pipe that we adopt and die with is gone: nobody else could
    // get it out of this message any more.
    if (!left && has(object_kind::pipe, found.message))
      begin_consuming(found);
    left = left || receive(found.message) == verdict::leave;
  } catch (const error& e) {
    // No room here for its descriptors, before anything of it was adopted:
    // another one may have it, or we, later.
    if (e.code() == errc::resource_exhausted
        && has(object_kind::descriptor, found.message)) {
      leave_in_place();
      throw;
    }
    drop_locked(found);
    throw;
  } catch (...) {
    drop_locked(found);
    throw;
  }
  if (left) {
    leave_in_place();
    return shown::left;
  }
  consume(found);
  if (!found.parcel)
    take_parcels_.small_message();
  return shown::taken;
}

bool mailbox_core::somebody_spins() const {
  auto until = control_.spinning_until.load(std::memory_order_relaxed);
  return until != 0 && steady_now() < until;
}

// One that spins is enough, and while it does nobody is woken: two would take
// each other's finds, and the core from whoever is to send something. So each
// that takes a message and leaves more wakes the next one.
template <class Look>
bool mailbox_core::spin_to_take(Look look) {
  auto& spinning = control_.spinning_until;
  if (!control_.not_empty.somebody_parked())
    return take_spinner_.spin(look);
  auto begin = steady_now();
  auto other = spinning.load(std::memory_order_relaxed);
  auto mine = begin + std::chrono::nanoseconds{2 * spinner::longest}.count();
  if (begin < other
      || !spinning.compare_exchange_strong(other, mine,
                                           std::memory_order_seq_cst))
    return look();
  bool found = take_spinner_.spin(look);
  spinning.compare_exchange_strong(mine, 0, std::memory_order_seq_cst);
  return found || look();
}

take_status mailbox_core::take(receiver receive, deadline until,
                               const receiver* first) {
  struct wake_the_next {
    mailbox_core& box;
    ~wake_the_next() {
      if (box.control_.not_empty.somebody_parked() && box.waiting()
          && !box.somebody_spins())
        box.control_.not_empty.notify_one();
    }
  } on_return{*this};
  for (;;) {
    if (waiting()) {
      auto what = shown::none;
      {
        side_lock lock{*this, control_.consumers,
                       &mailbox_core::repair_consumers};
        what = take_locked(receive, first);
      }
      if (what == shown::taken || what == shown::revoked)
        after_take();
      if (what == shown::revoked)
        continue;
      if (what != shown::none)
        return take_status::done;
    }
    if (closed() && !waiting())
      return take_status::closed;
    auto look = [&] { return ready(); };
    if (!until.is_now()
        && (spin_to_take(look) || control_.not_empty.park(look, until)))
      continue;
    if (has_bell_.load(std::memory_order_relaxed))
      rearm();
    return take_status::timed_out;
  }
}

// One store marks it. Whoever is killed here has marked it, or has not.
bool mailbox_core::revoke(const receipt& which, deadline until) {
  side_lock lock{*this, control_.consumers, &mailbox_core::repair_consumers,
                 until};
  if (!lock.locked() || load(control_.consumers.count) >= which.number)
    return false;
  // Unread, so its segment is there, and no producer writes at its place.
  auto* frame = take_segment_.get(which.segment).at(which.position);
  std::atomic_ref<std::uint64_t>{reinterpret_cast<frame_header*>(frame)->type}
      .store(revoked_type, std::memory_order_relaxed);
  return true;
}

bool mailbox_core::with_takers_stopped(predicate what, deadline until) {
  side_lock lock{*this, control_.consumers, &mailbox_core::repair_consumers,
                 until};
  if (lock.locked())
    what();
  return lock.locked();
}

std::size_t mailbox_core::take_some(receiver receive, std::size_t most) {
  std::size_t taken = 0;
  if (waiting()) {
    side_lock lock{*this, control_.consumers, &mailbox_core::repair_consumers};
    while (taken < most) {
      auto what = take_locked(receive);
      if (what != shown::taken && what != shown::revoked)
        break;
      after_take();
      if (what == shown::taken)
        ++taken;
    }
  }
  if (taken == 0 && has_bell_.load(std::memory_order_relaxed))
    rearm();
  return taken;
}

bool mailbox_core::search(predicate also) {
  auto look = [&] { return ready() || also(); };
  if (look())
    return true;
  control_.searching.fetch_add(1, std::memory_order_seq_cst);
  bool found = take_spinner_.spin(look);
  control_.searching.fetch_sub(1, std::memory_order_seq_cst);
  return found || look();
}

bool mailbox_core::park(predicate also, deadline until) {
  return control_.not_empty.park([&] { return ready() || also(); }, until);
}

void mailbox_core::wake_one() {
  control_.not_empty.notify_one();
}

void mailbox_core::wake_all() {
  control_.not_empty.notify_all();
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

} // namespace ramet::detail
