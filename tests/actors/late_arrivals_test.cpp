// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// What comes to a process while a large message is being decoded there.

#include "actors_test.hpp"

#include <ramet/queue.hpp>

#include <optional>

namespace ramet_test {

// Decoding one waits for a permit, in a process that has a gate.
std::optional<ramet::queue<int>>& gate() {
  static std::optional<ramet::queue<int>> instance;
  return instance;
}

struct gated {
  std::string text;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, gated& x) {
  if constexpr (Inspector::writes_state)
    if (gate())
      gate()->get();
  return f(x.text);
}

namespace {

struct late_arrivals_test : actors_test {};

using gate_atom = caf::atom_constant<caf::atom("gate")>;
using list_atom = caf::atom_constant<caf::atom("list")>;
using send_atom = caf::atom_constant<caf::atom("send")>;

constexpr int was_large = -1;
constexpr int was_down = -2;

gated large() {
  return {std::string(100'000, 'x')};
}

struct recorder_state {
  std::vector<int> seen;
};

// Says in which order things came.
caf::behavior recorder(caf::stateful_actor<recorder_state>* self) {
  auto note = [self](int what) { self->state.seen.push_back(what); };
  self->set_down_handler([=](const caf::down_msg&) { note(was_down); });
  return {
      [](gate_atom, const ramet::queue<int>& permits) {
        gate() = permits;
        return true;
      },
      [self](monitor_atom, const caf::actor& other) {
        self->monitor(other);
        return true;
      },
      [=](const gated&) { note(was_large); },
      [=](int x) { note(x); },
      [self](list_atom) { return self->state.seen; },
  };
}

caf::behavior sender(caf::event_based_actor* self) {
  return {[self](send_atom, const caf::actor& to) {
    self->send(to, large());
    self->send(to, 1);
    self->quit();
  }};
}

std::vector<int> seen_by(const caf::actor& one) {
  return ramet::ask<std::vector<int>>(one, list_atom::value).get();
}

TEST_F(late_arrivals_test, others_are_read_while_a_large_message_is_decoded) {
  ramet::node n;
  ramet::queue<int> permits;
  auto one = n.spawn(recorder);
  auto other = n.spawn(servant);
  ASSERT_TRUE(ramet::ask<bool>(one, gate_atom::value, permits).get());
  caf::anon_send(one, large());
  auto pid = ramet::ask<std::int32_t>(other, pid_atom::value).get_for(20s);
  permits.put(0);
  ASSERT_TRUE(pid);
  EXPECT_EQ(seen_by(one), std::vector{was_large});
}

TEST_F(late_arrivals_test, nothing_overtakes_a_large_message) {
  ramet::node n;
  ramet::queue<int> permits;
  auto one = n.spawn(recorder);
  auto other = n.spawn(servant);
  ASSERT_TRUE(ramet::ask<bool>(one, gate_atom::value, permits).get());
  caf::anon_send(one, 1);
  caf::anon_send(one, large());
  caf::anon_send(one, 2);
  caf::anon_send(one, large());
  caf::anon_send(one, 3);
  // It stands behind all these, so they have been read.
  EXPECT_TRUE(ramet::ask<std::int32_t>(other, pid_atom::value).get_for(20s));
  permits.put(0);
  permits.put(0);
  EXPECT_EQ(seen_by(one), (std::vector{1, was_large, 2, was_large, 3}));
}

TEST_F(late_arrivals_test, the_end_of_an_actor_comes_after_what_it_sent) {
  ramet::node n;
  ramet::node senders;
  ramet::queue<int> permits;
  auto one = n.spawn(recorder);
  auto other = n.spawn(servant);
  auto from = senders.spawn(sender);
  auto beside = senders.spawn(servant);
  ASSERT_TRUE(ramet::ask<bool>(one, gate_atom::value, permits).get());
  ASSERT_TRUE(ramet::ask<bool>(one, monitor_atom::value, from).get());
  ASSERT_TRUE(ramet::ask<bool>(beside, monitor_atom::value, from).get());
  caf::anon_send(from, send_atom::value, one);
  EXPECT_TRUE(eventually([&] {
    return ramet::ask<std::int32_t>(beside, downs_atom::value).get() == 1;
  }));
  // Sent by the same process, after it had told of the end.
  EXPECT_TRUE(
      ramet::ask<std::int32_t>(beside, relay_atom::value, other).get_for(20s));
  permits.put(0);
  EXPECT_TRUE(eventually([&] { return seen_by(one).size() == 3; }));
  EXPECT_EQ(seen_by(one), (std::vector{was_large, 1, was_down}));
}

TEST_F(late_arrivals_test, many_large_messages_keep_their_order) {
  ramet::node n;
  auto one = n.spawn(recorder);
  std::vector<int> expected;
  for (int i = 0; i < 200; ++i) {
    caf::anon_send(one, large());
    expected.push_back(was_large);
    caf::anon_send(one, i);
    expected.push_back(i);
  }
  EXPECT_EQ(seen_by(one), expected);
}

} // namespace

} // namespace ramet_test
