// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "child_life.hpp"

#include "local_node.hpp"

#include <ramet/error.hpp>

#include <caf/send.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <utility>
#include <vector>

namespace ramet::detail {

/// How a supervisor reaches into a node.
struct node_access {
  static caf::strong_actor_ptr spawn(node& where, spawn_entry entry,
                                     const outgoing& call) {
    return where.spawn_there(entry, call);
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

} // namespace

void child_life::start(const child_options& about, const kept_spawn& make) {
  if (about.where == in_process) {
    actor_ = make(spawn_here);
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
    actor_ = make([&](spawn_entry entry, const outgoing& call) {
      return node_access::spawn(*host, entry, call);
    });
  } catch (...) {
    host->kill();
    host->join();
    throw;
  }
}

void child_life::watch(std::function<void(const caf::error&)> ended) {
  actor_->get()->attach_functor(
      [self = shared_from_this(),
       ended = std::move(ended)](const caf::error& reason) {
        {
          std::scoped_lock lock{self->guard_};
          self->actor_ended_ = true;
          self->changed_.notify_all();
        }
        ended(reason);
      });
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
  auto ended = [this] { return actor_ended_; };
  if (!actor_ended_) {
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
