// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/detail/pipe_side.hpp>

#include "mailbox_core.hpp"
#include "object.hpp"
#include "pipe_end.hpp"

#include <ramet/error.hpp>

namespace ramet::detail {

namespace {

pipe_layout& pipe_of(object& at) {
  return *reinterpret_cast<pipe_layout*>(at.data());
}

struct attached_pipe final : object::attachment {
  explicit attached_pipe(object& at)
      : boxes{{at.id(), at.data(), pipe_of(at).boxes[0], at.weak_from_this()},
              {at.id(), at.data(), pipe_of(at).boxes[1], at.weak_from_this()}} {
  }

  void after_fork() noexcept override {
    for (auto& box : boxes)
      box.after_fork();
  }

  mailbox_core boxes[2];
};

object_ref checked_end(object_ref ref) {
  if (ref.part > 1)
    throw error(errc::protocol, "receiving a pipe's end: a pipe has two ends, "
                                "found a third");
  ref.kind = object_kind::pipe; // whatever a damaged message says
  return ref;
}

} // namespace

pipe_side::pipe_side(std::shared_ptr<object> object, std::uint32_t end,
                     std::uint64_t owner)
    : object_(std::move(object)), owner_(owner), end_(end) {
  auto& attached = object_->attached<attached_pipe>();
  in_ = &attached.boxes[end];
  out_ = &attached.boxes[1 - end];
}

pipe_side::pipe_side(object_ref ref)
    : pipe_side(open_object(checked_end(ref)), ref.part, 0) {
  owner_ = adopt_pipe_end(pipe_of(*object_), end_).pack();
}

std::pair<pipe_side, pipe_side> pipe_side::create(bool duplex) {
  auto owner = end_owner{family::mine().slot(), 1}.pack();
  auto made = make_object(
      object_kind::pipe, pipe_layout::file_bytes(), pipe_layout::head_bytes(),
      [&](object& object) {
        auto& pipe = pipe_of(object);
        for (std::uint32_t i = 0; i < 2; ++i) {
          pipe.owners[i].store(owner);
          pipe.readable[i] = duplex || i == 0;
          init_mailbox(pipe.boxes[i], i,
                       pipe_layout::head_bytes() + i * home_capacity, 0, false);
        }
      });
  return {pipe_side{made, 0, owner}, pipe_side{made, 1, owner}};
}

object_ref pipe_side::ref() const {
  if (!owned())
    throw error(errc::closed, "sending a pipe's end: " + why_closed());
  return {object_->id(), object_kind::pipe, end_};
}

bool pipe_side::owned() const {
  // Not in a fork: there the handle is a copy, and the word the original's.
  return object_
         && pipe_of(*object_).owners[end_].load(std::memory_order_relaxed)
                == owner_
         && end_owner::unpack(owner_).who == family::mine().slot();
}

void pipe_side::close() noexcept {
  if (owned() && !family::mine().is_guest())
    close_pipe_end(object_->id(), object_->data(), end_,
                   end_owner::unpack(owner_));
}

bool pipe_side::may_receive() const {
  return object_ && pipe_of(*object_).readable[end_] != 0;
}

bool pipe_side::may_send() const {
  return object_ && pipe_of(*object_).readable[1 - end_] != 0;
}

put_status pipe_side::put(const outgoing& message, deadline until) const {
  if (!owned())
    return put_status::closed;
  if (!may_send())
    throw error(errc::protocol, "sending on the receiving end of a one-way "
                                "pipe: send on the other end, or make the "
                                "pipe duplex");
  auto result = out_->put(message, until);
  if (result == put_status::done)
    drop_unreadable(object_->id(), object_->data(), 1 - end_);
  return result;
}

take_status pipe_side::take(receiver receive, deadline until) const {
  if (!owned())
    return take_status::closed;
  if (!may_receive())
    throw error(errc::protocol, "receiving on the sending end of a one-way "
                                "pipe: receive on the other end, or make the "
                                "pipe duplex");
  return in_->take(receive, until);
}

bool pipe_side::ready() const {
  return !owned() || in_->ready();
}

native_handle_type pipe_side::native_handle() const {
  if (!owned())
    throw error(errc::closed,
                "getting the native handle of a connection: " + why_closed());
  return in_->native_handle();
}

void pipe_side::rearm() const {
  in_->rearm();
}

mailbox_stats pipe_side::incoming_stats() const {
  return in_ ? in_->stats() : mailbox_stats{};
}

std::string pipe_side::why_closed() const {
  if (!object_)
    return "this connection was moved from, or never made";
  if (owned())
    return "the other end was closed, or its process ended";
  auto owner = end_owner::unpack(pipe_of(*object_).owners[end_].load());
  if (owner.who == end_owner::closed)
    return "this end was closed before";
  if (owner.pack() == owner_)
    return "this process was forked from the end's owner and has a copy of the "
           "handle; hand the end to the child as an argument, which moves it";
  return "this end was sent away and belongs to its receiver";
}

} // namespace ramet::detail
