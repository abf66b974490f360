// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/detail/question.hpp>

#include "local_node.hpp"

#include <ramet/actor_error.hpp>

#include <caf/exit_reason.hpp>
#include <caf/make_actor.hpp>

#include <fmt/format.h>

#include <atomic>
#include <utility>

namespace ramet::detail {

namespace {

/// The sender of one question. No actor runs for it: the thread that answers
/// fills the future.
class port final : public caf_compat::own_actor<port> {
public:
  port(caf::actor_config& config, std::shared_ptr<answer_sink> sink)
      : receiver(config), sink_(std::move(sink)) {}

  const char* name() const override { return "ramet::port"; }

  void receive(caf::mailbox_element_ptr what, caf_compat::executor*) {
    if (what->mid.is_response() && !answered_.exchange(true))
      sink_->answer(caf_compat::take_values(*what));
  }

  void on_last_handle() {
    if (!answered_.exchange(true))
      sink_->answer(caf::make_message(caf_compat::broken_promise()));
  }

private:
  std::shared_ptr<answer_sink> sink_;
  std::atomic<bool> answered_{false};
};

errc kind_of(const caf::error& problem) {
  if (problem == caf::sec::request_receiver_down
      || caf_compat::is_exit_reason(problem))
    return errc::closed;
  if (problem == caf::sec::request_timeout)
    return errc::timed_out;
  return errc::child_failed;
}

std::string explain(const caf::error& problem) {
  if (problem == caf::sec::request_receiver_down)
    return "asking an actor: it, or the process that it lived in, has ended";
  return fmt::format("asking an actor: it answered with an error: {}",
                     caf_compat::render(local_node::mine().system(), problem));
}

} // namespace

caf::strong_actor_ptr make_port(std::shared_ptr<answer_sink> sink) {
  auto& node = local_node::mine();
  caf::actor_config config;
  return caf::make_actor<port, caf::strong_actor_ptr>(
      node.next_port(), node.system().node(), &node.system(), config,
      std::move(sink));
}

caf::message_id question_id() {
  return caf::make_message_id(std::uint64_t{1});
}

std::exception_ptr exception_of(const caf::error& problem) {
  return std::make_exception_ptr(
      actor_error{kind_of(problem), explain(problem), problem});
}

std::exception_ptr mismatch(const caf::message& found,
                            std::string_view expected) {
  return std::make_exception_ptr(
      error{errc::type_mismatch,
            fmt::format("asking an actor: it answered {}, expected {}",
                        caf::to_string(found), expected)});
}

namespace {

/// Sees which job a message makes of an actor.
class onlooker final : public caf_compat::own_executor<onlooker> {
public:
  using own_executor::own_executor;

  void add(caf::resumable* job) {
    job_ = job;
    caf_compat::run_later(system(), job);
  }
  caf::resumable* job() const { return job_; }

private:
  caf::resumable* job_ = nullptr;
};

} // namespace

caf::resumable* put_question(const caf::strong_actor_ptr& actor,
                             caf::mailbox_element_ptr question) {
  onlooker here{local_node::mine().system()};
  actor->enqueue(std::move(question), &here);
  return here.job();
}

bool search_answer(const future_state_base& state, deadline until,
                   caf::resumable* job) {
  auto done = [&] { return state.ready(); };
  return local_node::mine().threads().help(done, until, job);
}

asleep::asleep()
    : place_(new scheduler::blocking{local_node::mine().threads()}) {}

asleep::~asleep() {
  delete static_cast<scheduler::blocking*>(place_);
}

void throw_no_actor() {
  throw error(errc::closed, "asking an actor: the handle is empty");
}

} // namespace ramet::detail
