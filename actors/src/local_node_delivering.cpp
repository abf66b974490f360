// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// What other processes send here.

#include "node_steps.hpp"

#include "actor_start.hpp"
#include "message_codec.hpp"
#include "run_frame.hpp"

#include <ramet/error.hpp>

#include <caf/make_actor.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace ramet::detail {

namespace {

// A thread that has come to a large message goes on with others for the same
// actor, but not for ever: it may be waiting for something itself.
constexpr std::size_t late_at_once = 8;

struct delivering_scope {
  delivering_scope() { delivering = true; }
  delivering_scope(const delivering_scope&) = delete;
  delivering_scope& operator=(const delivering_scope&) = delete;
  ~delivering_scope() { delivering = false; }
};

template <class F>
class late_call final : public arrival {
public:
  explicit late_call(F what) : what_(std::move(what)) {}
  void happen(caf_compat::executor& executor) noexcept override {
    try {
      what_(executor);
    } catch (const std::exception& problem) {
      tell_dropped(problem);
    }
  }

private:
  F what_;
};

template <class F>
arrival_ptr make_late(F&& what) {
  return std::make_unique<late_call<std::decay_t<F>>>(std::forward<F>(what));
}

} // namespace

/// A message whose receiver and sender are found, and that is not decoded yet.
struct local_node::letter {
  caf::strong_actor_ptr receiver;
  caf::strong_actor_ptr sender;
  caf::message_id id;
  std::uint32_t stage_count = 0;
};

/// What is left of the work for one actor when a thread has done its share.
class local_node::late_work final
    : public caf_compat::own_job<local_node::late_work> {
public:
  late_work(local_node& of, std::uint64_t receiver)
      : of_(of), receiver_(receiver) {}

  bool run(caf_compat::executor* executor) {
    return of_.deliver_late(receiver_, *executor);
  }

private:
  local_node& of_;
  std::uint64_t receiver_;
};

std::size_t local_node::read(caf_compat::executor& executor, std::size_t most) {
  std::vector<std::uint64_t> begun;
  auto taken = inbox_.take_some(
      [&](const incoming& message) {
        if (auto receiver = deliver(message, executor))
          begun.push_back(*receiver);
        return verdict::consume;
      },
      most);
  if (!begun.empty()) {
    scheduler::unlocked others_may_read{*scheduler_};
    for (auto receiver : begun)
      if (!deliver_late(receiver, executor))
        caf_compat::run_later(executor, new late_work{*this, receiver});
  }
  return taken;
}

// True when there is nothing more.
bool local_node::deliver_late(std::uint64_t receiver,
                              caf_compat::executor& executor) {
  delivering_scope scope;
  return late_.work_off(receiver, executor, late_at_once);
}

std::optional<std::uint64_t>
local_node::deliver(const incoming& message, caf_compat::executor& executor) {
  delivering_scope scope;
  try {
    if (message.type != frame_type)
      throw error(errc::protocol, "it is none for actors");
    reader in{message.bytes, message.refs, "message between processes"};
    frame_header header;
    in.copy(&header, sizeof header, "header");
    switch (header.kind) {
    case frame_kind::message:
      return deliver_message(header, message, in, executor);
    case frame_kind::watch:
      on_watch(header);
      return {};
    case frame_kind::down:
      after_late(executor, [this, header, reason = take<caf::error>(in)](
                               caf_compat::executor& by) {
        on_down(header.from, header.receiver, reason, by);
      });
      return {};
    case frame_kind::link:
      on_link(header);
      return {};
    case frame_kind::unlink:
      on_unlink(header);
      return {};
    case frame_kind::moving:
      on_moving(header, executor);
      return {};
    case frame_kind::moved:
      requests_.settle(key_of(header.receiver, caf::message_id{header.id}),
                       header.from);
      return {};
    case frame_kind::run:
      deliver_run(header, message, in, executor);
      return {};
    case frame_kind::stop:
      after_late(executor, [this](caf_compat::executor&) { on_stop(); });
      return {};
    case frame_kind::ended:
      after_late(executor, [this, header](caf_compat::executor& by) {
        on_ended(header.from, by);
      });
      return {};
    }
    throw error(errc::protocol, "its kind is unknown");
  } catch (const std::exception& problem) {
    tell_dropped(problem);
  }
  return {};
}

// Ends come after all that was sent before them.
template <class F>
void local_node::after_late(caf_compat::executor& executor, F&& what) {
  if (late_.none()) {
    what(executor);
    return;
  }
  auto one = make_late(std::forward<F>(what));
  if (!late_.add_behind_all(one))
    one->happen(executor);
}

caf::strong_actor_ptr local_node::slip_of(const frame_header& header) {
  caf::actor_config config;
  auto to = peers_.get({header.sender.slot, header.sender.serial});
  return caf::make_actor<reply_slip, caf::strong_actor_ptr>(
      header.sender.id, to->node(), system_.get(), config, to,
      caf::message_id{header.id});
}

std::optional<std::uint64_t>
local_node::deliver_message(const frame_header& header, const incoming& message,
                            reader& in, caf_compat::executor& executor) {
  caf::message_id id{header.id};
  caf::strong_actor_ptr receiver;
  if (id.is_response()) {
    // Only who still waits gets it.
    receiver = requests_.take(key_of(header.receiver, id)).requester;
    if (!receiver)
      return {};
  } else {
    receiver = own_actor(header.receiver);
  }
  caf::strong_actor_ptr sender;
  if (header.sender.id != 0) {
    if (!id.is_request())
      sender = actor_of(header.sender);
    else if (member_id{header.sender.slot, header.sender.serial} == address_)
      // Our own request, handed on back to us: the answer goes straight.
      sender = requests_.take(key_of(header.sender.id, id)).requester;
    else
      sender = slip_of(header);
  }
  if (!receiver) {
    answer_with(sender, id, caf::sec::request_receiver_down);
    return {};
  }
  letter what{std::move(receiver), std::move(sender), id, header.stages};
  backlog_entry counted{unprocessed_, in.left()};
  // References are held by the message in the mailbox: they must be taken up
  // while it is there.
  if (message.storage && message.refs.empty()) {
    bool first =
        late_.add(header.receiver,
                  make_late([this, kept = message, what = std::move(what),
                             counted = std::move(counted)](
                                caf_compat::executor& by) mutable {
                    reader again{kept.bytes, {}, "message between processes"};
                    frame_header skipped;
                    again.copy(&skipped, sizeof skipped, "header");
                    auto element = decode(what, again, std::move(counted));
                    kept = {}; // its memory can be used again
                    if (element)
                      what.receiver->enqueue(std::move(element), &by);
                  }));
    return first ? std::optional{header.receiver} : std::nullopt;
  }
  auto element = decode(what, in, std::move(counted));
  if (!element)
    return {};
  if (late_.none()) {
    what.receiver->enqueue(std::move(element), &executor);
    return {};
  }
  auto one =
      make_late([to = std::move(what.receiver), element = std::move(element)](
                    caf_compat::executor& by) mutable {
        to->enqueue(std::move(element), &by);
      });
  if (!late_.add_behind(header.receiver, one))
    one->happen(executor);
  return {};
}

// Null when it cannot be decoded; then a request is answered already.
caf::mailbox_element_ptr local_node::decode(letter& what, reader& in,
                                            backlog_entry counted) {
  try {
    caf_compat::stage_list stages;
    for (std::uint32_t i = 0; i < what.stage_count; ++i)
      stages.push_back(take<caf::strong_actor_ptr>(in));
    auto values = load_message(in);
    in.finish();
    return caf::mailbox_element_ptr{
        new counted_element{std::move(what.sender), what.id, std::move(stages),
                            std::move(values), std::move(counted)}};
  } catch (const std::exception& problem) {
    auto failure = error_of(caf::sec::invalid_argument, problem.what());
    if (what.id.is_response())
      return caf_compat::make_element(nullptr, what.id,
                                      caf::make_message(std::move(failure)));
    if (!what.id.is_request())
      throw;
    answer_with(what.sender, what.id, std::move(failure));
    return nullptr;
  }
}

void local_node::deliver_run(const frame_header& header,
                             const incoming& message, reader& in,
                             caf_compat::executor& executor) {
  auto asked_by = slip_of(header);
  caf::message_id question{header.id};
  try {
    // The actor is made outside the mailbox's lock.
    caf_compat::run_later(
        executor, make_start(load_run(in, message), asked_by, question));
  } catch (const std::exception& problem) {
    answer_with(
        asked_by, question,
        error_of(caf::sec::cannot_spawn_actor_from_arguments, problem.what()));
  }
}

void local_node::on_watch(const frame_header& header) {
  if (exports_.watch(header.receiver, header.from))
    return;
  frame_header answer;
  answer.kind = frame_kind::down;
  answer.from = address_;
  answer.receiver = header.receiver;
  auto reason = caf::make_error(caf::exit_reason::unknown);
  peers_.get(header.from)->ship(answer, error_body{reason});
}

// That it has ended, it is told in answer to the watch that comes with it.
void local_node::on_link(const frame_header& header) {
  peers_.get(header.from); // its end is watched
  if (own_actor(header.receiver))
    links_.add(header.from, {header.sender.id, header.receiver});
}

void local_node::on_unlink(const frame_header& header) {
  links_.remove(header.from, {header.sender.id, header.receiver});
  if (auto ours = own_actor(header.receiver))
    if (auto other = proxies_.find(header.from, header.sender.id))
      caf_compat::unlink(*ours->get(), *other->get());
}

void local_node::tell_linked(member_id process,
                             caf_compat::executor& executor) {
  for (auto [from, to] : links_.take_all(process))
    if (auto ours = own_actor(to)) {
      auto gone = actor_of({process.slot, process.serial, from});
      caf_compat::tell_exit(
          ours, gone->address(),
          caf::make_error(caf::exit_reason::remote_link_unreachable),
          &executor);
    }
}

void local_node::on_down(member_id process, std::uint64_t actor,
                         const caf::error& reason,
                         caf_compat::executor& executor) {
  if (auto one = proxies_.take(process, actor))
    static_cast<proxy*>(one->get())->kill_proxy(&executor, reason);
}

void local_node::on_stop() {
  std::scoped_lock lock{stop_guard_};
  stop_asked_ = true;
  stop_changed_.notify_all();
}

// From here on its end is watched, if it was not; perhaps it was seen already.
void local_node::on_moving(const frame_header& header,
                           caf_compat::executor& executor) {
  member_id with{header.sender.slot, header.sender.serial};
  auto key = key_of(header.receiver, caf::message_id{header.id});
  if (requests_.move(key, header.from, with) && with != address_
      && peers_.get(with)->gone())
    fail_requests(with, executor);
}

void local_node::fail_requests(member_id with, caf_compat::executor& executor) {
  for (auto& [key, request] : requests_.take_all(with)) {
    auto id =
        caf::message_id{key.response | caf::message_id::response_flag_mask};
    caf_compat::deliver(
        request.requester, id,
        caf::make_message(caf::make_error(caf::sec::request_receiver_down)),
        &executor);
  }
}

void local_node::on_ended(member_id process, caf_compat::executor& executor) {
  peers_.get(process)->set_gone();
  fail_requests(process, executor);
  tell_linked(process, executor);
  for (auto& one : proxies_.take_all(process))
    static_cast<proxy*>(one->get())
        ->kill_proxy(&executor, caf::make_error(
                                    caf::exit_reason::remote_link_unreachable));
}

} // namespace ramet::detail
