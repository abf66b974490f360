// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// What goes to other processes.

#include "node_steps.hpp"

#include "message_codec.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace ramet::detail {

namespace {

constexpr std::chrono::milliseconds longest_wait_for_room{20};
constexpr std::chrono::microseconds wait_slice{200};

// Stages and values of a message on its way.
struct message_body {
  const caf::mailbox_element& what;
  message_values values;

  explicit message_body(const caf::mailbox_element& element)
      : what(element), values(caf_compat::contents_of(element)) {}

  void count(size_counter& out) const {
    for (auto& stage : caf_compat::stages_of(what))
      put(out, stage);
    values.count(out);
  }
  void save(writer& out) const {
    for (auto& stage : caf_compat::stages_of(what))
      put(out, stage);
    values.save(out);
  }
};

} // namespace

void local_node::forward(peer& to, std::uint64_t receiver,
                         caf::mailbox_element& what) {
  caf::error problem;
  try {
    // Answers are never held up: somebody waits for them.
    if (!what.mid.is_response() && to.congested())
      wait_for_room(to);
    if (send(to, receiver, what))
      return;
    problem = caf::sec::request_receiver_down;
  } catch (const std::exception& found) {
    if (!what.mid.is_request() && !what.mid.is_response())
      tell(fmt::format("a message to an actor in another process is lost: {}",
                       found.what()));
    problem = error_of(caf::sec::invalid_argument, found.what());
  }
  if (what.mid.is_response()) {
    // The requester waits; what cannot travel is told instead.
    if (!to.gone()) {
      auto failure = caf_compat::make_element(
          nullptr, what.mid, caf::make_message(std::move(problem)));
      try {
        send(to, receiver, *failure);
      } catch (const std::exception& found) {
        tell(fmt::format("an answer to another process is lost: {}",
                         found.what()));
      }
    }
    return;
  }
  answer_with(what.sender, what.mid, std::move(problem));
}

// A sender that is faster than the other process's actors waits a little for
// each message, but goes on reading its own mailbox: the other may be waiting
// for it in the same way.
void local_node::wait_for_room(const peer& to) {
  if (delivering)
    return;
  auto until = deadline::in(longest_wait_for_room);
  auto room = [&] { return !to.congested(); };
  while (!scheduler_->help(room, until)
         && std::chrono::steady_clock::now() < until.at)
    std::this_thread::sleep_for(wait_slice);
}

// False when `to` is gone, and the request, if it is one, unanswered.
bool local_node::send(peer& to, std::uint64_t receiver,
                      caf::mailbox_element& what) {
  if (to.gone())
    return false;
  message_body body{what};
  frame_header header;
  header.stages =
      static_cast<std::uint32_t>(caf_compat::stages_of(what).size());
  header.from = address_;
  header.receiver = receiver;
  header.id = what.mid.integer_value();
  auto& sender = what.sender;
  bool request = what.mid.is_request();
  bool ours = false;
  if (sender) {
    auto process = process_of(sender->node());
    ours = process == address_;
    if (process)
      header.sender = {process->slot, process->serial, sender->id()};
    if (ours && !is_port(sender->id()) && !what.mid.is_response())
      export_actor(sender);
  }
  if (request && ours)
    return ship_request(to, header, sender, body);
  if (request && header.sender.id != 0) {
    // Handed on for a third process, which is told first: what the next one
    // does with it must not overtake that. And it is told afterwards: should we
    // be killed between, it would wait for ever.
    auto whose = peers_.get({header.sender.slot, header.sender.serial});
    frame_header note;
    note.kind = frame_kind::moving;
    note.from = address_;
    note.sender = {to.address().slot, to.address().serial, 0};
    note.receiver = header.sender.id;
    note.id = header.id;
    whose->ship(note, no_body{});
    if (!to.ship(header, body))
      return false;
    note.kind = frame_kind::moved;
    whose->ship(note, no_body{});
    if (auto* slip = dynamic_cast<reply_slip*>(sender->get()))
      slip->settle();
    return true;
  }
  return to.ship(header, body);
}

void local_node::watch(peer& to, caf::strong_actor_ptr of) {
  frame_header header;
  header.kind = frame_kind::watch;
  header.from = address_;
  header.receiver = of->id();
  proxies_.keep(std::move(of));
  try {
    if (!to.ship(header, no_body{}) || to.gone())
      post_ended(to.address()); // not here: the caller may hold a lock
  } catch (const std::exception& problem) {
    tell(fmt::format("watching an actor in another process: {}; its end will "
                     "be seen only when that process ends",
                     problem.what()));
  }
}

bool local_node::link(peer& to, std::uint64_t actor, std::uint64_t other) {
  if (links_.has(to.address(), {other, actor}))
    return false;
  ship_link(to, frame_kind::link, actor, other);
  return true;
}

void local_node::unlink(peer& to, std::uint64_t actor, std::uint64_t other) {
  links_.remove(to.address(), {other, actor});
  ship_link(to, frame_kind::unlink, actor, other);
}

void local_node::ship_link(peer& to, frame_kind kind, std::uint64_t actor,
                           std::uint64_t other) noexcept {
  frame_header header;
  header.kind = kind;
  header.from = address_;
  header.sender = {address_.slot, address_.serial, actor};
  header.receiver = other;
  try {
    to.ship(header, no_body{});
  } catch (const std::exception& problem) {
    tell(fmt::format("a link between actors of two processes: {}; one of them "
                     "is not told of the other's end",
                     problem.what()));
  }
}

void local_node::break_promise(peer& to, std::uint64_t requester,
                               caf::message_id request) {
  if (stopped_.load())
    return;
  auto answer =
      caf_compat::make_element(nullptr, request.response_id(),
                               caf::make_message(caf_compat::broken_promise()));
  try {
    send(to, requester, *answer);
  } catch (const std::exception& problem) {
    tell(fmt::format("an answer to another process is lost: {}",
                     problem.what()));
  }
}

// Into our own mailbox: behind all that the process has put there.
void local_node::post_ended(member_id process) noexcept {
  if (stopped_.load())
    return;
  frame_header header;
  header.kind = frame_kind::ended;
  header.from = process;
  no_body nothing;
  frame<no_body> whole{header, nothing};
  try {
    inbox_.put(whole.as_outgoing(), deadline::never());
  } catch (const std::exception& problem) {
    tell(fmt::format("the end of a process is not told to its watchers: {}",
                     problem.what()));
  }
}

} // namespace ramet::detail
