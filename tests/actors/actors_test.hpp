// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The fixture of tests with actors, and actors that they have in common.

#pragma once

#include "../system/system_test.hpp"

#include <ramet/ask.hpp>
#include <ramet/node.hpp>

#include <caf/all.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <unistd.h>

namespace ramet_test {

using pid_atom = caf::atom_constant<caf::atom("pid")>;
using echo_atom = caf::atom_constant<caf::atom("echo")>;
using count_atom = caf::atom_constant<caf::atom("count")>;
using one_atom = caf::atom_constant<caf::atom("one")>;
using call_atom = caf::atom_constant<caf::atom("call")>;
using make_atom = caf::atom_constant<caf::atom("make")>;
using hang_atom = caf::atom_constant<caf::atom("hang")>;
using drop_atom = caf::atom_constant<caf::atom("drop")>;
using relay_atom = caf::atom_constant<caf::atom("relay")>;
using monitor_atom = caf::atom_constant<caf::atom("monitor")>;
using demonitor_atom = caf::atom_constant<caf::atom("demonitor")>;
using link_atom = caf::atom_constant<caf::atom("link")>;
using unlink_atom = caf::atom_constant<caf::atom("unlink")>;
using downs_atom = caf::atom_constant<caf::atom("downs")>;
using quit_atom = caf::atom_constant<caf::atom("quit")>;

struct person {
  std::string name;
  int age = 0;
  std::vector<double> marks;

  friend bool operator==(const person&, const person&) = default;
};

struct servant_state {
  std::int64_t count = 0;
  std::vector<caf::response_promise> hung;
  std::int32_t downs = 0;
  std::string last_reason;
};

/// Does what it is told.
inline caf::behavior servant(caf::stateful_actor<servant_state>* self) {
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
      [self](downs_atom) { return self->state.downs; },
      [self](downs_atom, const std::string&) {
        return self->state.last_reason;
      },
      [self](quit_atom) { self->quit(caf::exit_reason::user_shutdown); },
  };
}

/// Fails the test when a process, a descriptor or a shared object is left.
class actors_test : public system_test {
protected:
  void SetUp() override {
    {
      ramet::node first; // what is made once and kept, is made now
      ramet::ask<std::int32_t>(first.spawn(servant), pid_atom::value).get();
    }
    // But for this process's own mailbox, and its bell, all has gone.
    ASSERT_TRUE(eventually([] { return object_files().size() <= 2; }));
    system_test::SetUp();
  }
};

inline std::int32_t pid_of(const caf::actor& one) {
  return ramet::ask<std::int32_t>(one, pid_atom::value).get();
}

/// True as soon as a servant refuses requests because it has ended.
inline bool comes_to_refuse(const caf::actor& one) {
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
