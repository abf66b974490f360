// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// What happens when more is sent than can be processed.

#include "actors_test.hpp"

#include "backlog.hpp"
#include "local_node.hpp"

#include <ramet/queue.hpp>

namespace ramet_test {

namespace {

struct flood_test : actors_test {};

using start_atom = caf::atom_constant<caf::atom("start")>;

// Takes one message at a time, when it is told to.
caf::behavior slow(caf::stateful_actor<servant_state>* self,
                   ramet::queue<int> permits) {
  return {[=](one_atom, const std::string&) mutable {
            permits.get();
            ++self->state.count;
          },
          [=](count_atom) { return self->state.count; }};
}

caf::behavior flooder(caf::event_based_actor* self,
                      ramet::queue<int> progress) {
  return {[=](start_atom, const caf::actor& to, int messages) mutable {
    std::string text(100, 'x');
    for (int i = 0; i < messages; ++i) {
      self->send(to, one_atom::value, text);
      if (i % 1000 == 0)
        progress.put(i);
    }
  }};
}

// From a process that sends as fast as it can to one that takes what it may.
struct stream {
  ramet::node receivers;
  ramet::node senders;
  ramet::queue<int> permits;
  ramet::queue<int> progress;
  caf::actor to = receivers.spawn(slow, permits);
  caf::actor from = senders.spawn(flooder, progress);

  void start(int messages) const {
    caf::anon_send(from, start_atom::value, to, messages);
  }
};

bool comes_to_count(const caf::actor& one, int messages) {
  return eventually([&] {
    return ramet::ask<std::int64_t>(one, count_atom::value).get() == messages;
  });
}

TEST_F(flood_test, is_slowed_down_when_the_receiver_does_not_keep_up) {
  stream s;
  s.start(300'000);
  constexpr auto limit =
      2 * static_cast<int>(ramet::detail::backlog_limit::messages);
  int sent = 0;
  auto end = clock::now() + 3s;
  while (clock::now() < end)
    if (auto one = s.progress.get_for(100ms))
      sent = *one;
  EXPECT_GE(sent, limit / 2);
  // One in 20 ms goes on, beyond what was read slowly.
  EXPECT_LT(sent, limit + 20'000);
  // Both still answer, though one is full and the other is held up.
  EXPECT_EQ(pid_of(s.receivers.spawn(servant)), s.receivers.pid());
  s.permits.close();
}

TEST_F(flood_test, goes_on_at_full_speed_once_there_is_room) {
  constexpr int total = 60'000;
  stream s;
  for (int i = 0; i < total; ++i)
    s.permits.put(1);
  s.start(total);
  EXPECT_TRUE(comes_to_count(s.to, total));
}

TEST_F(flood_test, leaves_nothing_counted_that_was_processed) {
  auto here = ramet::actor_system().spawn(servant);
  ramet::node n;
  ramet::queue<int> progress;
  auto from = n.spawn(flooder, progress);
  constexpr int total = 5'000;
  caf::anon_send(from, start_atom::value, here, total);
  EXPECT_TRUE(comes_to_count(here, total));
  EXPECT_TRUE(eventually([] {
    return ramet::detail::local_node::mine().unprocessed().messages() == 0;
  }));
  caf::anon_send_exit(here, caf::exit_reason::user_shutdown);
}

} // namespace

} // namespace ramet_test
