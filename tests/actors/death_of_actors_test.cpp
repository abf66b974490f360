// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// What others see when an actor, or the process that it lives in, ends.

#include "actors_test.hpp"

#include <ramet/queue.hpp>

#include <atomic>
#include <thread>

namespace ramet_test {

namespace {

struct death_of_actors_test : actors_test {};

// What a monitor is told; nothing if it is not in time.
std::optional<std::string> next_down(caf::scoped_actor& self,
                                     const caf::actor& of) {
  std::optional<std::string> result;
  self->receive(
      [&](caf::down_msg& message) {
        EXPECT_EQ(message.source, of.address());
        result = self->system().render(message.reason);
      },
      caf::after(std::chrono::seconds(20)) >> [] {});
  return result;
}

TEST_F(death_of_actors_test, is_told_to_monitors_with_its_reason) {
  ramet::node n;
  auto a = n.spawn(servant);
  caf::scoped_actor self{ramet::actor_system()};
  self->monitor(a);
  self->send(a, quit_atom::value);
  EXPECT_EQ(next_down(self, a), "exit_reason(user_shutdown)");
}

TEST_F(death_of_actors_test, is_told_to_who_begins_to_monitor_afterwards) {
  ramet::node n;
  auto a = n.spawn(servant);
  auto b = n.spawn(servant);
  {
    caf::scoped_actor self{ramet::actor_system()};
    self->monitor(a);
    self->send(a, quit_atom::value);
    EXPECT_TRUE(next_down(self, a));
    self->monitor(a);
    EXPECT_TRUE(next_down(self, a));
  }
  n.kill();
  n.join();
  caf::scoped_actor self{ramet::actor_system()};
  self->monitor(b);
  EXPECT_TRUE(next_down(self, b));
}

TEST_F(death_of_actors_test, is_told_when_its_process_is_killed) {
  ramet::node n;
  auto a = n.spawn(servant);
  auto b = n.spawn(servant);
  caf::scoped_actor self{ramet::actor_system()};
  self->monitor(a);
  pid_of(a);
  n.kill();
  EXPECT_EQ(next_down(self, a), "exit_reason(remote_link_unreachable)");
  self->monitor(b);
  EXPECT_TRUE(next_down(self, b));
}

TEST_F(death_of_actors_test, is_told_to_siblings_as_well) {
  ramet::node first;
  ramet::node second;
  auto a = first.spawn(servant);
  auto b = second.spawn(servant);
  ASSERT_TRUE(ramet::ask<bool>(a, monitor_atom::value, b).get());
  second.kill();
  EXPECT_TRUE(eventually([&] {
    return ramet::ask<std::int32_t>(a, downs_atom::value).get() == 1;
  }));
  EXPECT_THROW(ramet::ask<std::int32_t>(a, relay_atom::value, b).get(),
               ramet::actor_error);
}

TEST_F(death_of_actors_test, ends_those_that_are_linked) {
  ramet::node first;
  ramet::node second;
  auto a = first.spawn(servant);
  auto b = second.spawn(servant);
  ASSERT_TRUE(ramet::ask<bool>(a, link_atom::value, b).get());
  caf::scoped_actor self{ramet::actor_system()};
  self->monitor(b);
  caf::anon_send(a, quit_atom::value);
  EXPECT_EQ(next_down(self, b), "exit_reason(user_shutdown)");
}

TEST_F(death_of_actors_test, by_a_kill_ends_those_that_are_linked) {
  ramet::node first;
  ramet::node second;
  auto a = first.spawn(servant);
  auto b = second.spawn(servant);
  ASSERT_TRUE(ramet::ask<bool>(a, link_atom::value, b).get());
  caf::scoped_actor self{ramet::actor_system()};
  self->monitor(a);
  second.kill();
  EXPECT_EQ(next_down(self, a), "exit_reason(remote_link_unreachable)");
}

TEST_F(death_of_actors_test, fails_requests_at_once) {
  ramet::node n;
  auto a = n.spawn(servant);
  auto b = n.spawn(servant);
  auto hung = ramet::ask<std::int32_t>(a, hang_atom::value);
  caf::anon_send(b, quit_atom::value);
  EXPECT_TRUE(comes_to_refuse(b)) << "an actor that has ended";
  n.kill();
  expect_error(ramet::errc::closed, {"ended"}, [&] { hung.get(); });
  expect_error(ramet::errc::closed, {"ended"}, [&] { pid_of(a); });
}

TEST_F(death_of_actors_test, fails_requests_of_siblings) {
  ramet::node first;
  ramet::node second;
  auto a = first.spawn(servant);
  auto hangs = second.spawn([](caf::event_based_actor* self) -> caf::behavior {
    auto kept = std::make_shared<caf::response_promise>();
    return {[=](pid_atom) {
              *kept = self->make_response_promise();
              return *kept;
            },
            [](echo_atom) { return 1; }};
  });
  auto answer = ramet::ask<std::int32_t>(a, relay_atom::value, hangs);
  pid_of(a);
  ramet::ask<int>(hangs, echo_atom::value).get();
  second.kill();
  EXPECT_THROW(answer.get(), ramet::actor_error);
}

TEST_F(death_of_actors_test, leaves_no_request_unanswered_in_a_storm) {
  chance dice;
  int answered = 0;
  int failed = 0;
  for (int round = 0; round < 12; ++round) {
    ramet::node nodes[2];
    caf::actor actors[] = {nodes[0].spawn(servant), nodes[1].spawn(servant)};
    caf::scoped_actor self{ramet::actor_system()};
    for (auto& a : actors)
      self->monitor(a);
    std::atomic<bool> stop{false};
    std::atomic<int> good{0};
    std::atomic<int> bad{0};
    std::vector<std::thread> askers;
    for (int t = 0; t < 2; ++t)
      askers.emplace_back([&, t] {
        std::string text(static_cast<std::size_t>(t) * 3000 + 1, 'x');
        while (!stop) {
          // In flight many at a time, to both; one relays to the other.
          std::vector<ramet::future<std::string>> echoes;
          std::vector<ramet::future<std::int32_t>> relays;
          for (int i = 0; i < 20; ++i) {
            echoes.push_back(
                ramet::ask<std::string>(actors[i % 2], echo_atom::value, text));
            relays.push_back(ramet::ask<std::int32_t>(
                actors[i % 2], relay_atom::value, actors[1 - i % 2]));
          }
          auto count = [&](auto& answer) {
            try {
              if (answer.get_for(long_enough))
                ++good;
              else
                ADD_FAILURE() << "a request is not answered";
            } catch (const ramet::actor_error&) {
              ++bad;
            }
          };
          for (auto& one : echoes)
            count(one);
          for (auto& one : relays)
            count(one);
        }
      });
    ASSERT_TRUE(eventually([&] { return good > 20; }));
    pass(dice.within(20ms));
    nodes[0].kill();
    ASSERT_TRUE(next_down(self, actors[0]));
    ASSERT_TRUE(eventually([&] { return bad > 0; }));
    nodes[1].kill();
    ASSERT_TRUE(next_down(self, actors[1]));
    stop = true;
    for (auto& asker : askers)
      asker.join();
    answered += good;
    failed += bad;
  }
  std::cout << answered << " answered, " << failed << " failed" << std::endl;
}

TEST_F(death_of_actors_test, leaves_no_memory_of_what_was_sent_to_the_dead) {
  ramet::node n;
  auto a = n.spawn(servant);
  ramet::queue<int> held;
  n.kill();
  std::string text(10'000, 'x');
  for (int i = 0; i < 2000; ++i)
    caf::anon_send(a, one_atom::value, text);
  n.join();
  EXPECT_TRUE(comes_to_refuse(a));
  // The fixture looks for the mailbox.
}

} // namespace

} // namespace ramet_test
