// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "actors_test.hpp"

#include "at_rest.hpp"

namespace ramet_test {

caf::behavior servant(caf::stateful_actor<servant_state>* self) {
  self->set_down_handler([self](caf::down_msg& message) {
    ++self->state.downs;
    self->state.last_reason = self->system().render(message.reason);
  });
  return {
      [](pid_atom) { return static_cast<std::int32_t>(::getpid()); },
      [](echo_atom, std::int32_t x) { return x; },
      [](echo_atom, double x) { return x; },
      [](echo_atom, float x) { return x; },
      [](echo_atom, const std::string& x) { return x; },
      [](echo_atom, const person& x) { return x; },
      [](echo_atom, const std::vector<double>& x) { return x; },
      [](echo_atom, const caf::actor& x) { return x; },
      [self](one_atom, std::int32_t) { ++self->state.count; },
      [self](one_atom, const std::string&) { ++self->state.count; },
      [self](count_atom) { return self->state.count; },
      [self](call_atom, const caf::actor& to, std::int32_t x) {
        return self->delegate(to, echo_atom::value, x + 1);
      },
      [self](make_atom) {
        return caf::actor_cast<caf::actor>(self->home_system().spawn(servant));
      },
      [self](hang_atom) {
        auto promise = self->make_response_promise<std::int32_t>();
        self->state.hung.push_back(promise);
        return promise;
      },
      [self](drop_atom) { self->state.hung.clear(); },
      [self](relay_atom, const caf::actor& to) {
        auto promise = self->make_response_promise<std::int32_t>();
        self->request(to, caf::infinite, pid_atom::value)
            .then(
                [=](std::int32_t pid) mutable { promise.deliver(pid); },
                [=](caf::error& e) mutable { promise.deliver(std::move(e)); });
        return promise;
      },
      [self](monitor_atom, const caf::actor& other) {
        self->monitor(other);
        return true;
      },
      [self](demonitor_atom, const caf::actor& other) {
        self->demonitor(other);
        return true;
      },
      [self](link_atom, const caf::actor& other) {
        self->link_to(other);
        return true;
      },
      [self](unlink_atom, const caf::actor& other) {
        self->unlink_from(other);
        return true;
      },
      [self](downs_atom) { return self->state.downs; },
      [self](downs_atom, const std::string&) {
        return self->state.last_reason;
      },
      [self](quit_atom) { self->quit(caf::exit_reason::user_shutdown); },
  };
}

void actors_test::SetUp() {
  {
    ramet::node first; // what is made once and kept, is made now
    ramet::ask<std::int32_t>(first.spawn(servant), pid_atom::value).get();
  }
  ASSERT_TRUE(eventually(is_at_rest));
  system_test::SetUp();
}

std::int32_t pid_of(const caf::actor& one) {
  return ramet::ask<std::int32_t>(one, pid_atom::value).get();
}

bool comes_to_refuse(const caf::actor& one) {
  return eventually([&] {
    try {
      pid_of(one);
      return false;
    } catch (const ramet::actor_error& e) {
      return e.code() == ramet::errc::closed;
    }
  });
}

} // namespace ramet_test
