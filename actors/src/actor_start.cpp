// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "actor_start.hpp"

#include "function_job.hpp"
#include "local_node.hpp"
#include "run_frame.hpp"

#include <caf/actor_config.hpp>
#include <caf/scheduled_actor.hpp>

#include <cstddef>
#include <exception>
#include <utility>
#include <vector>

namespace ramet::detail {

namespace {

/// The host of actors that are made here. CAF hands it a new actor to be run
/// later; who makes one takes it out and runs it at once. Never destroyed: an
/// actor with a thread of its own keeps its host.
class starting_host final : public caf_compat::own_executor<starting_host> {
public:
  static starting_host& mine() {
    static auto* instance = new starting_host{local_node::mine().system()};
    return *instance;
  }

  /// While it lives, what this thread makes is kept for it: the last thing,
  /// as a constructor may make actors, too.
  class keeping {
  public:
    keeping() : outer_(std::exchange(current(), this)) {}
    ~keeping() {
      current() = outer_;
      pass_on(std::exchange(kept_, nullptr));
    }
    keeping(const keeping&) = delete;
    keeping& operator=(const keeping&) = delete;

    /// To be run by the caller; null: the actor has a thread of its own.
    caf::scheduled_actor* take(const caf::strong_actor_ptr& actor) {
      if (!kept_ || kept_->subtype() != caf::resumable::scheduled_actor)
        return nullptr;
      auto* made = static_cast<caf::scheduled_actor*>(kept_);
      if (made->ctrl() != actor.get())
        return nullptr;
      kept_ = nullptr;
      return made;
    }

  private:
    friend class starting_host;
    keeping* outer_;
    caf::resumable* kept_ = nullptr;
  };

  void add(caf::resumable* job) {
    if (auto* here = current())
      job = std::exchange(here->kept_, job);
    pass_on(job);
  }

private:
  explicit starting_host(caf::actor_system& system) : own_executor(system) {}

  static keeping*& current() {
    static thread_local keeping* instance = nullptr;
    return instance;
  }
  static void pass_on(caf::resumable* job) {
    if (job)
      local_node::mine().threads().add(job);
  }
};

// Who is being started by this thread: what it throws is told to who asked for
// it, and to nobody else.
thread_local const caf::scheduled_actor* starting = nullptr;

caf::error keep_exception(caf::scheduled_actor* self,
                          std::exception_ptr& thrown) {
  if (self != starting)
    caf::scheduled_actor::default_exception_handler(self, thrown); // prints
  return caf_compat::error_of(thrown);
}

// Up to its first message, which may take as long as it likes. What is in its
// mailbox by then is left to `by`. True: it has ended.
bool run_start(caf::scheduled_actor* actor, caf_compat::executor& by) {
  caf_compat::handle_exceptions(*actor, keep_exception);
  auto* outer = std::exchange(starting, actor);
  auto result = actor->resume(&by, 0);
  starting = outer;
  if (result == caf::resumable::resume_later) {
    caf_compat::run_later(by, actor);
    return false;
  }
  intrusive_ptr_release(static_cast<caf::resumable*>(actor));
  return result != caf::resumable::awaiting_message;
}

started_actor start_actor(spawn_job& job, caf_compat::executor& by) {
  started_actor result;
  caf::scheduled_actor* made = nullptr;
  try {
    starting_host::keeping here;
    caf::actor_config config{&starting_host::mine()};
    result.actor = job.run(by.system(), config);
    made = here.take(result.actor);
  } catch (...) {
    result.ended = caf_compat::error_of(std::current_exception());
    return result;
  }
  if (made && run_start(made, by)) {
    // Called at once, as it has ended.
    auto reason = std::make_shared<caf::error>();
    result.actor->get()->attach_functor(
        [reason](const caf::error& found) { *reason = found; });
    result.ended = *reason;
  }
  return result;
}

} // namespace

caf::resumable* make_start(std::unique_ptr<spawn_job> job,
                           caf::strong_actor_ptr asked_by,
                           caf::message_id question) {
  return make_job([job = std::move(job), asked_by = std::move(asked_by),
                   question](caf_compat::executor& by) mutable {
    auto result = start_actor(*job, by);
    job.reset(); // what it holds is let go of before others know
    caf_compat::deliver(asked_by, question.response_id(),
                        caf::make_message(std::move(result)), &by);
  });
}

std::shared_ptr<started_actor_state>
start_actor_at(member_id where, spawn_entry entry, const outgoing& call) {
  auto& here = local_node::mine();
  auto state = std::make_shared<started_actor_state>();
  run_body body{locate_code(reinterpret_cast<const void*>(entry)), call};
  auto port = make_port(state); // as it goes, it breaks the promise
  if (!here.ask(*here.peer_of(where), frame_kind::run, port, question_id(),
                body))
    state->fail(exception_of(caf::sec::request_receiver_down));
  return state;
}

std::shared_ptr<started_actor_state> start_actor_here(spawn_entry entry,
                                                      const outgoing& call) {
  std::vector<std::byte> bytes(call.size);
  std::vector<object_ref> refs(call.refs);
  call.write(call.value, bytes, refs);
  auto state = std::make_shared<started_actor_state>();
  local_node::mine().threads().add(
      make_start(entry({call.type, bytes, refs, nullptr}), make_port(state),
                 question_id()));
  return state;
}

std::string reason_text(const caf::error& reason) {
  if (!reason)
    return "normal";
  return caf_compat::render(local_node::mine().system(), reason);
}

} // namespace ramet::detail
