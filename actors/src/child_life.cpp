// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "child_life.hpp"

#include "local_node.hpp"
#include "run_frame.hpp"

#include <ramet/detail/question.hpp>
#include <ramet/error.hpp>

#include <caf/atom.hpp>
#include <caf/send.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace ramet::detail {

/// How a supervisor reaches into a node.
struct node_access {
  static member_id address_of(const node& which) {
    return {which.slot_, which.serial_};
  }
};

namespace {

// For a process without actors to end in.
constexpr std::chrono::seconds process_grace{2};
// For an actor that was told to end at once.
constexpr std::chrono::seconds last_grace{1};

// Through the same bytes as to another process, so that the arguments are new
// ones each time there, too.
caf::strong_actor_ptr spawn_here(spawn_entry entry, const outgoing& call) {
  std::vector<std::byte> bytes(call.size);
  std::vector<object_ref> refs(call.refs);
  call.write(call.value, bytes, refs);
  return entry({call.type, bytes, refs, nullptr})
      ->run(local_node::mine().system());
}

caf::strong_actor_ptr spawn_there(const node& where, spawn_entry entry,
                                  const outgoing& call, deadline until) {
  auto& here = local_node::mine();
  auto state = std::make_shared<answer_state<caf::strong_actor_ptr>>();
  state->mark_seen();
  auto to = here.peer_of(node_access::address_of(where));
  run_body body{locate_code(reinterpret_cast<const void*>(entry)), call};
  if (!here.ask(*to, frame_kind::run, make_port(state), question_id(), body))
    state->fail(exception_of(caf::sec::request_receiver_down));
  if (!state->wait(until))
    throw actor_error(errc::timed_out, "its process did not come up in time",
                      caf::sec::request_timeout);
  return state->take();
}

} // namespace

void child_life::start(const child_options& about, const kept_spawn& make) {
  if (about.where == in_process) {
    make_actor(about, make);
    return;
  }
  node_options process;
  process.name = about.name;
  process.start = about.start;
  auto host = std::make_shared<node>(std::move(process));
  {
    std::scoped_lock lock{guard_};
    host_ = host;
    if (aborted_)
      host->kill();
  }
  try {
    make_actor(about, make);
  } catch (...) {
    host->kill();
    host->join();
    throw;
  }
}

void child_life::make_actor(const child_options& about,
                            const kept_spawn& make) {
  auto until = deadline::in(about.start_timeout);
  actor_ = make.call([&](spawn_entry entry, const outgoing& call) {
    return host_ ? spawn_there(*host_, entry, call, until)
                 : spawn_here(entry, call);
  });
  actor_->get()->attach_functor(
      [self = shared_from_this()](const caf::error& reason) {
        self->note_end(reason);
      });
  if (!make.has_behavior)
    return;
  // Answered by CAF itself, behind what the actor does at its start.
  auto asked = ask_actor<caf::message>(
      actor_, caf::sys_atom::value, caf::get_atom::value, std::string{"info"});
  asked->mark_seen(); // it may fail later on
  if (!asked->wait(deadline::in(about.start_timeout))) {
    caf::anon_send_exit(actor_, caf::exit_reason::kill);
    throw actor_error(errc::timed_out,
                      fmt::format("starting child '{}': it was not ready "
                                  "within {}",
                                  about.name, about.start_timeout),
                      caf::sec::request_timeout);
  }
  std::unique_lock lock{guard_};
  if (asked->failure() && !ended_) // which may be on its way
    changed_.wait_for(lock, last_grace, [this] { return ended_.has_value(); });
  if (ended_)
    throw_ended(about, *ended_);
  if (asked->failure())
    throw_ended(about, caf::make_error(caf::exit_reason::unknown));
}

void child_life::throw_ended(const child_options& about,
                             const caf::error& reason) {
  throw actor_error(
      errc::child_failed,
      fmt::format("starting child '{}': it ended at once: {}", about.name,
                  reason
                      ? caf_compat::render(local_node::mine().system(), reason)
                      : std::string{"normal"}),
      reason);
}

void child_life::note_end(const caf::error& reason) {
  std::unique_lock lock{guard_};
  ended_ = reason;
  changed_.notify_all();
  auto tell = std::exchange(tell_, nullptr);
  lock.unlock();
  if (tell)
    tell(reason);
}

void child_life::watch(std::function<void(const caf::error&)> ended) {
  std::unique_lock lock{guard_};
  if (!ended_) {
    tell_ = std::move(ended);
    return;
  }
  auto reason = *ended_;
  lock.unlock();
  ended(reason);
}

int child_life::pid() const {
  std::scoped_lock lock{guard_};
  return host_ ? host_->pid() : 0;
}

void child_life::abort() {
  std::scoped_lock lock{guard_};
  aborted_ = true;
  if (host_)
    host_->kill();
}

void child_life::stop(std::chrono::milliseconds time) {
  std::unique_lock lock{guard_};
  auto ended = [this] { return ended_.has_value(); };
  if (!ended_) {
    lock.unlock();
    caf::anon_send_exit(actor_, caf::exit_reason::user_shutdown);
    lock.lock();
  }
  bool in_time = changed_.wait_for(lock, time, ended);
  if (!host_) {
    if (!in_time) {
      lock.unlock();
      caf::anon_send_exit(actor_, caf::exit_reason::kill);
      lock.lock();
      changed_.wait_for(lock, last_grace, ended);
    }
    return;
  }
  auto host = host_;
  lock.unlock();
  if (in_time) {
    host->stop();
    host->join_for(process_grace);
  }
  host->kill();
  host->join();
}

std::string child_life::process_end() const {
  std::scoped_lock lock{guard_};
  if (!host_)
    return {};
  auto status = host_->status();
  return status && !status->success() ? to_string(*status) : std::string{};
}

} // namespace ramet::detail
