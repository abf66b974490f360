// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "child_life.hpp"

#include "actor_start.hpp"

#include <ramet/detail/future_state.hpp>
#include <ramet/error.hpp>

#include <caf/send.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

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

// When it is too late for what it waited for.
void end_when_started(started_actor_state& asked) {
  auto end = [](const started_actor& late) {
    if (late.actor)
      caf::anon_send_exit(late.actor, caf::exit_reason::kill);
  };
  asked.mark_seen();
  asked.then(std::make_unique<
             callbacks_of_then<started_actor, decltype(end), std::nullptr_t>>(
      end, nullptr));
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
  process.setup = about.setup;
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
  std::shared_ptr<started_actor_state> asked;
  make([&](spawn_entry entry, const outgoing& call) {
    asked = host_ ? start_actor_at(node_access::address_of(*host_), entry, call)
                  : start_actor_here(entry, call);
  });
  if (!asked->wait(deadline::in(about.start_timeout))) {
    end_when_started(*asked);
    throw actor_error(errc::timed_out,
                      fmt::format("starting child '{}': it was not ready "
                                  "within {}",
                                  about.name, about.start_timeout),
                      caf::sec::request_timeout);
  }
  auto made = asked->take();
  if (made.ended)
    throw_ended(about, *made.ended);
  actor_ = std::move(made.actor);
  actor_->get()->attach_functor(
      [self = shared_from_this()](const caf::error& reason) {
        self->note_end(reason);
      });
}

void child_life::throw_ended(const child_options& about,
                             const caf::error& reason) {
  throw actor_error(errc::child_failed,
                    fmt::format("starting child '{}': it ended at once: {}",
                                about.name, reason_text(reason)),
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
