// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// CAF's own ways of talking, between processes.

#include "actors_test.hpp"

#include <ramet/handle.hpp>
#include <ramet/queue.hpp>

#include <csignal>
#include <memory>
#include <optional>

#include <fcntl.h>
#include <unistd.h>

namespace ramet_test {

namespace {

struct conversation_test : actors_test {};

using get_atom = caf::atom_constant<caf::atom("get")>;
using open_atom = caf::atom_constant<caf::atom("open")>;

TEST_F(conversation_test, is_delegated_between_processes) {
  ramet::node first;
  ramet::node second;
  auto a = first.spawn(servant);
  auto b = second.spawn(servant);
  EXPECT_EQ(ramet::ask<std::int32_t>(a, call_atom::value, b, 41).get(), 42);
  auto mine = ramet::actor_system().spawn(servant);
  EXPECT_EQ(ramet::ask<std::int32_t>(a, call_atom::value, mine, 1).get(), 2)
      << "back to the process that asked";
  auto sibling = first.spawn(servant);
  EXPECT_EQ(ramet::ask<std::int32_t>(a, call_atom::value, sibling, 2).get(), 3)
      << "within the process that was asked";
  caf::anon_send_exit(mine, caf::exit_reason::user_shutdown);
}

TEST_F(conversation_test, goes_on_with_a_promise_kept_later) {
  ramet::node first;
  ramet::node second;
  auto a = first.spawn(servant);
  auto b = second.spawn(servant);
  EXPECT_EQ(ramet::ask<std::int32_t>(a, relay_atom::value, b).get(),
            second.pid());
}

TEST_F(conversation_test, times_out_in_an_actor) {
  ramet::node n;
  auto a = n.spawn(servant);
  caf::scoped_actor self{ramet::actor_system()};
  bool timed_out = false;
  self->request(a, 20ms, hang_atom::value)
      .receive(
          [](std::int32_t) { FAIL() << "an answer"; },
          [&](caf::error& e) { timed_out = e == caf::sec::request_timeout; });
  EXPECT_TRUE(timed_out);
}

TEST_F(conversation_test, has_scoped_actors) {
  ramet::node n;
  auto a = n.spawn(servant);
  caf::scoped_actor self{ramet::actor_system()};
  std::int32_t pid = 0;
  self->request(a, caf::infinite, pid_atom::value)
      .receive([&](std::int32_t x) { pid = x; },
               [](caf::error& e) { FAIL() << caf::to_string(e); });
  EXPECT_EQ(pid, n.pid());
}

TEST_F(conversation_test, knows_its_sender) {
  ramet::node n;
  auto answerer = n.spawn([](caf::event_based_actor* self) -> caf::behavior {
    return {[self](int x) {
      self->send(caf::actor_cast<caf::actor>(self->current_sender()), x + 1);
    }};
  });
  caf::scoped_actor self{ramet::actor_system()};
  self->send(answerer, 6);
  int got = 0;
  self->receive([&](int x) {
    got = x;
    EXPECT_EQ(self->current_sender(), answerer);
  });
  EXPECT_EQ(got, 7);
}

TEST_F(conversation_test, keeps_the_order_of_what_one_sends_another) {
  ramet::node n;
  auto checker = n.spawn([](caf::event_based_actor*) -> caf::behavior {
    auto next = std::make_shared<int>(0);
    auto wrong = std::make_shared<int>(0);
    return {[=](int x) {
              if (x != (*next)++)
                ++*wrong;
            },
            [=](get_atom) { return std::make_tuple(*next, *wrong); }};
  });
  constexpr int total = 50'000;
  for (int i = 0; i < total; ++i)
    caf::anon_send(checker, i);
  auto [seen, wrong] =
      ramet::ask<std::tuple<int, int>>(checker, get_atom::value).get();
  EXPECT_EQ(seen, total);
  EXPECT_EQ(wrong, 0);
}

TEST_F(conversation_test, can_skip_messages_until_it_changes_its_behavior) {
  ramet::node n;
  auto door = n.spawn([](caf::event_based_actor* self) -> caf::behavior {
    self->set_default_handler(caf::skip);
    return {[self](open_atom) {
      self->become(caf::behavior{[](get_atom, int x) { return x * 2; }});
    }};
  });
  auto first = ramet::ask<int>(door, get_atom::value, 4);
  EXPECT_FALSE(first.get_for(10ms));
  caf::anon_send(door, open_atom::value);
  EXPECT_EQ(first.get_for(long_enough), 8);
}

TEST_F(conversation_test, has_messages_of_high_priority) {
  ramet::node n{{.workers = 1}};
  ramet::queue<int> go;
  ramet::queue<int> order;
  auto maker = n.spawn([](caf::event_based_actor* self) -> caf::behavior {
    return {[self](make_atom) {
      return caf::actor_cast<caf::actor>(
          self->home_system().spawn<caf::detached>(servant));
    }};
  });
  auto other = ramet::ask<caf::actor>(maker, make_atom::value).get();
  auto a = n.spawn(
      [](caf::event_based_actor*, ramet::queue<int> in,
         ramet::queue<int> out) -> caf::behavior {
        return {[=](int x) mutable {
          out.put(x);
          if (x == 0)
            in.get();
        }};
      },
      go, order);
  caf::scoped_actor self{ramet::actor_system()};
  self->send(a, 0);
  ASSERT_TRUE(order.get_for(long_enough));
  for (int i = 1; i < 4; ++i)
    self->send(a, i);
  self->send<caf::message_priority::high>(a, 9);
  pid_of(other); // what was sent before is in its mailbox now
  go.put(0);
  EXPECT_EQ(order.get_for(long_enough), 9);
}

TEST_F(conversation_test, has_descriptors_of_others) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  auto reader = ramet::handle::adopt(ends[0]);
  ramet::node n;
  auto writer = n.spawn(
      [](caf::event_based_actor*, ramet::handle to) -> caf::behavior {
        return {[to](int x) {
          auto byte = static_cast<char>(x);
          return ::write(to.native_handle(), &byte, 1) == 1;
        }};
      },
      ramet::handle::adopt(ends[1]));
  EXPECT_TRUE(ramet::ask<bool>(writer, 42).get());
  char byte = 0;
  EXPECT_EQ(::read(reader.native_handle(), &byte, 1), 1);
  EXPECT_EQ(byte, 42);
}

TEST_F(conversation_test, has_timeouts_of_silence) {
  ramet::node n;
  ramet::queue<int> out;
  n.spawn(
      [](caf::event_based_actor* self, ramet::queue<int> to) -> caf::behavior {
        return {[](int) {}, caf::after(std::chrono::milliseconds(10)) >>
                                [=]() mutable {
                                  to.put(1);
                                  self->quit();
                                }};
      },
      out);
  EXPECT_EQ(out.get_for(long_enough), 1);
}

TEST_F(conversation_test, carries_delayed_messages) {
  ramet::node n;
  auto a = n.spawn(servant);
  auto mine = ramet::actor_system().spawn(
      [a](caf::event_based_actor* self) -> caf::behavior {
        self->delayed_send(a, std::chrono::milliseconds(5), one_atom::value, 1);
        return {[](int) {}};
      });
  EXPECT_TRUE(eventually([&] {
    return ramet::ask<std::int64_t>(a, count_atom::value).get() == 1;
  }));
  caf::anon_send_exit(mine, caf::exit_reason::user_shutdown);
}

TEST_F(conversation_test, fails_when_the_promise_is_dropped) {
  ramet::node n;
  auto a = n.spawn(servant);
  auto answer = ramet::ask<std::int32_t>(a, hang_atom::value);
  ramet::ask<void>(a, drop_atom::value).get();
  expect_error(ramet::errc::child_failed, {"dropped"}, [&] { answer.get(); });
}

TEST_F(conversation_test, fails_when_the_promise_is_dropped_in_the_process) {
  auto a = ramet::actor_system().spawn(servant);
  auto answer = ramet::ask<std::int32_t>(a, hang_atom::value);
  ramet::ask<void>(a, drop_atom::value).get();
  expect_error(ramet::errc::child_failed, {"dropped"}, [&] { answer.get(); });
  caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
}

TEST_F(conversation_test, fails_when_the_promise_dies_with_its_actor) {
  ramet::node n;
  auto a = n.spawn(servant);
  auto answer = ramet::ask<std::int32_t>(a, hang_atom::value);
  caf::anon_send(a, quit_atom::value);
  EXPECT_THROW(answer.get(), ramet::actor_error);
}

TEST_F(conversation_test, survives_the_end_of_who_delegated_it) {
  ramet::node first;
  ramet::node second;
  auto a = first.spawn(servant);
  ramet::queue<int> go;
  auto slow = second.spawn(
      [](caf::event_based_actor*, ramet::queue<int> in) -> caf::behavior {
        return {[=](echo_atom, std::int32_t x) mutable {
          in.get();
          return x;
        }};
      },
      go);
  auto answer = ramet::ask<std::int32_t>(a, call_atom::value, slow, 41);
  // Handed on once this is answered: a takes its messages in order.
  pid_of(a);
  first.kill();
  first.join();
  expect_error(ramet::errc::closed, {}, [&] { pid_of(a); });
  EXPECT_FALSE(answer.ready());
  go.put(1);
  EXPECT_EQ(answer.get_for(long_enough), 42);
}

TEST_F(conversation_test, fails_with_what_the_handler_threw) {
  ramet::node n;
  auto make = [](caf::event_based_actor* self) -> caf::behavior {
    return {[self](echo_atom, std::int32_t) -> std::int32_t {
              throw std::runtime_error("no such city");
            },
            [](int) { return 1; }};
  };
  auto a = n.spawn(make);
  expect_error(ramet::errc::child_failed, {"std::runtime_error: no such city"},
               [&] { ramet::ask<std::int32_t>(a, echo_atom::value, 1).get(); });
  // It has ended by that, and its process lives on.
  expect_error(ramet::errc::closed, {},
               [&] { ramet::ask<std::int32_t>(a, echo_atom::value, 1).get(); });
  EXPECT_EQ(pid_of(n.spawn(servant)), n.pid());
}

// Has mail of its own and of others on its way, for much later.
caf::behavior planner(caf::event_based_actor* self, caf::actor far) {
  self->delayed_send(self, std::chrono::hours(1), one_atom::value, 1);
  self->delayed_send(far, std::chrono::hours(1), one_atom::value, 1);
  self->request(far, caf::infinite, hang_atom::value).then([](std::int32_t) {});
  return {
      [](one_atom, std::int32_t) {}, [](pid_atom) { return ::getpid(); },
      [self, far](hang_atom) { return self->delegate(far, hang_atom::value); }};
}

TEST_F(conversation_test, does_not_hold_up_the_end_of_a_node) {
  ramet::node near;
  ramet::node far;
  auto a = near.spawn(planner, far.spawn(servant));
  auto open = ramet::ask<std::int32_t>(a, hang_atom::value);
  pid_of(a); // what was asked before is handed on
  near.stop();
  ASSERT_TRUE(near.join_for(long_enough));
  EXPECT_TRUE(near.status()->success());
  EXPECT_FALSE(open.ready()) << "the delegate has it";
  open.cancel();
}

TEST_F(conversation_test, does_not_hold_up_the_end_of_a_process) {
  ramet::node far;
  ramet::process p{[](caf::actor servant) {
                     auto a = ramet::actor_system().spawn(planner, servant);
                     static_cast<void>(
                         ramet::ask<std::int32_t>(a, hang_atom::value));
                     pid_of(a);
                   },
                   far.spawn(servant)};
  ASSERT_TRUE(p.join_for(long_enough));
  EXPECT_TRUE(p.status()->success());
}

// Has a process of its own, of which nobody else knows.
struct host_state {
  std::unique_ptr<ramet::node> hidden;
  caf::actor guest;
};

TEST_F(conversation_test, fails_when_it_was_delegated_to_an_unknown_process) {
  ramet::node n;
  auto a = n.spawn([](caf::stateful_actor<host_state>* self) -> caf::behavior {
    self->state.hidden = std::make_unique<ramet::node>();
    self->state.guest = self->state.hidden->spawn(servant);
    return {[self](hang_atom) {
              return self->delegate(self->state.guest, hang_atom::value);
            },
            [self](quit_atom) {
              self->state.hidden->kill();
              self->state.hidden->join();
              self->quit();
            }};
  });
  auto answer = ramet::ask<std::int32_t>(a, hang_atom::value);
  caf::anon_send(a, quit_atom::value);
  expect_error(ramet::errc::closed, {"ended"},
               [&] { answer.get_for(long_enough); });
}

// Hands a request on along the way; the last one answers.
caf::behavior passer(caf::event_based_actor* self) {
  return {
      [self](call_atom,
             const std::vector<caf::actor>& way) -> caf::result<std::int32_t> {
        if (way.empty())
          return static_cast<std::int32_t>(::getpid());
        std::vector<caf::actor> rest(way.begin() + 1, way.end());
        self->delegate(way.front(), call_atom::value, rest);
        return caf::delegated<std::int32_t>{};
      }};
}

TEST_F(conversation_test, leaves_no_request_unanswered_however_delegated) {
  chance dice;
  constexpr unsigned requests = 200;
  for (int round = 0; round < 8; ++round) {
    std::vector<ramet::node> nodes(3);
    std::vector<caf::actor> actors;
    for (auto& one : nodes)
      actors.push_back(one.spawn(passer));
    auto victim = dice.below(3);
    auto when = dice.below(requests);
    std::vector<ramet::future<std::int32_t>> answers;
    for (unsigned i = 0; i < requests; ++i) {
      std::vector<caf::actor> way;
      for (unsigned hop = 1; hop < 6; ++hop)
        way.push_back(actors[(i + hop) % 3]);
      answers.push_back(
          ramet::ask<std::int32_t>(actors[i % 3], call_atom::value, way));
      if (i == when)
        nodes[victim].kill();
    }
    for (auto& one : answers) {
      try {
        ASSERT_TRUE(one.get_for(long_enough)) << "a request is not answered";
      } catch (const ramet::actor_error&) { // it was with the victim
      }
    }
  }
}

void start_two_nodes(ramet::queue<caf::actor> up, ramet::queue<int> pids,
                     ramet::queue<int> end) {
  ramet::node first;
  ramet::node second;
  up.put(first.spawn(servant));
  up.put(second.spawn(servant));
  pids.put(second.pid());
  end.get();
}

TEST_F(conversation_test, does_not_go_by_who_started_the_processes) {
  ramet::queue<caf::actor> handles;
  ramet::queue<int> pids;
  ramet::queue<int> end;
  ramet::process middle{start_two_nodes, handles, pids, end};
  auto a = handles.get_for(long_enough);
  auto b = handles.get_for(long_enough);
  auto expected = pids.get_for(long_enough);
  ::kill(middle.pid(), SIGSTOP);
  EXPECT_TRUE(eventually([&] { return state_of(middle.pid()) == 'T'; }));
  std::optional<std::int32_t> pid;
  EXPECT_NO_THROW(
      pid = ramet::ask<std::int32_t>(a.value(), relay_atom::value, b.value())
                .get_for(long_enough));
  EXPECT_EQ(state_of(middle.pid()), 'T');
  ::kill(middle.pid(), SIGCONT);
  end.put(1);
  EXPECT_TRUE(pid);
  EXPECT_EQ(pid, expected);
  EXPECT_TRUE(middle.join_for(long_enough));
}

TEST_F(conversation_test, carries_user_types_in_asynchronous_messages) {
  ramet::node n;
  ramet::queue<std::string> out;
  auto a = n.spawn(
      [](caf::event_based_actor*,
         ramet::queue<std::string> to) -> caf::behavior {
        return {[=](const person& one, const std::vector<person>& all) mutable {
          to.put(one.name + std::to_string(all.size()));
        }};
      },
      out);
  caf::anon_send(a, person{"Eve", 1, {}}, std::vector<person>(3));
  EXPECT_EQ(out.get_for(long_enough), "Eve3");
}

TEST_F(conversation_test, does_not_stop_when_two_processes_flood_each_other) {
  ramet::node first;
  ramet::node second;
  auto flood = [](caf::stateful_actor<servant_state>* self) -> caf::behavior {
    return {[self](call_atom, const caf::actor& to, int messages) {
              std::string text(500, 'x');
              for (int i = 0; i < messages; ++i)
                self->send(to, one_atom::value, text);
            },
            [self](one_atom, const std::string&) { ++self->state.count; },
            [self](count_atom) { return self->state.count; }};
  };
  auto a = first.spawn(flood);
  auto b = second.spawn(flood);
  constexpr int total = 20'000;
  caf::anon_send(a, call_atom::value, b, total);
  caf::anon_send(b, call_atom::value, a, total);
  for (auto& one : {a, b})
    EXPECT_TRUE(eventually([&] {
      return ramet::ask<std::int64_t>(one, count_atom::value).get() == total;
    }));
}

} // namespace

} // namespace ramet_test
