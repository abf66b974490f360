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

TEST_F(death_of_actors_test, by_an_error_sent_from_afar_is_told_with_its_text) {
  ramet::node n;
  auto a = n.spawn(servant);
  caf::scoped_actor self{ramet::actor_system()};
  self->monitor(a);
  self->send_exit(
      a, caf::make_error(caf::sec::runtime_error, std::string{"no such city"}));
  caf::error reason;
  self->receive([&](caf::down_msg& message) { reason = message.reason; },
                caf::after(long_enough) >> [] {});
  EXPECT_EQ(reason, caf::sec::runtime_error);
  auto text = self->system().render(reason);
  EXPECT_NE(text.find("no such city"), std::string::npos) << text;
}

// Ends an actor by itself, or with its process.
void end(ramet::node& host, const caf::actor& servant, bool killed) {
  if (killed)
    host.kill();
  else
    caf::anon_send(servant, quit_atom::value);
}

struct exit_news {
  bool from_partner = false;
  std::string reason;
};
using exit_queue = ramet::queue<exit_news>;

// Tells of exit messages, and does not end by them.
caf::behavior trapper(caf::event_based_actor* self, caf::actor partner,
                      exit_queue out) {
  self->set_exit_handler([=](const caf::exit_msg& message) {
    exit_queue{out}.put({message.source == partner.address(),
                         self->system().render(message.reason)});
  });
  return {[](pid_atom) { return static_cast<std::int32_t>(::getpid()); },
          [=](link_atom) {
            self->link_to(partner);
            return true;
          },
          [=](unlink_atom) {
            self->unlink_from(partner);
            return true;
          }};
}

TEST_F(death_of_actors_test, is_not_that_of_who_traps_exit_messages) {
  ramet::node n;
  exit_queue out;
  caf::scoped_actor self{ramet::actor_system()};
  auto a = n.spawn(trapper, caf::actor_cast<caf::actor>(self.ptr()), out);
  self->send_exit(
      a, caf::make_error(caf::sec::runtime_error, std::string{"no such city"}));
  auto told = out.get_for(long_enough);
  ASSERT_TRUE(told);
  EXPECT_TRUE(told->from_partner);
  EXPECT_NE(told->reason.find("no such city"), std::string::npos)
      << told->reason;
  EXPECT_EQ(pid_of(a), n.pid());
  n.kill(); // it would not end when told to
}

void expect_news(exit_queue& out, bool killed) {
  auto told = out.get_for(long_enough).value_or(exit_news{});
  EXPECT_TRUE(told.from_partner);
  EXPECT_EQ(told.reason, killed ? "exit_reason(remote_link_unreachable)"
                                : "exit_reason(user_shutdown)");
}

TEST_F(death_of_actors_test, is_told_to_a_linked_trapper_in_another_process) {
  exit_queue out;
  for (bool killed : {false, true}) {
    ramet::node first;
    ramet::node second;
    auto partner = second.spawn(servant);
    auto a = first.spawn(trapper, partner, out);
    ASSERT_TRUE(ramet::ask<bool>(a, link_atom::value).get());
    end(second, partner, killed);
    expect_news(out, killed);
    EXPECT_EQ(pid_of(a), first.pid());
    first.kill(); // it would not end when told to
  }
}

// In `here`, sees the end of `other`.
class end_witness {
public:
  end_witness(ramet::node& here, ramet::node& other)
      : actor_(here.spawn(servant)) {
    ramet::ask<bool>(actor_, monitor_atom::value, other.spawn(servant)).get();
  }
  bool sees_it() const {
    return eventually([&] {
      return ramet::ask<std::int32_t>(actor_, downs_atom::value).get() == 1;
    });
  }

private:
  caf::actor actor_;
};

TEST_F(death_of_actors_test, is_told_to_a_trapper_that_was_linked_from_afar) {
  exit_queue out;
  for (bool killed : {false, true}) {
    ramet::node first;
    ramet::node second;
    auto partner = second.spawn(servant);
    auto a = first.spawn(trapper, partner, out);
    ASSERT_TRUE(ramet::ask<bool>(partner, link_atom::value, a).get());
    end_witness witness{first, second};
    end(second, partner, killed);
    expect_news(out, killed);
    // Once: the end of its process is no other end.
    second.kill();
    EXPECT_TRUE(witness.sees_it());
    EXPECT_EQ(pid_of(a), first.pid());
    EXPECT_TRUE(out.empty());
    first.kill();
  }
}

void blocking_trapper(caf::blocking_actor* self, exit_queue out) {
  bool going_on = true;
  self->receive_while(going_on)(
      [&](const caf::exit_msg& message) {
        out.put({true, self->system().render(message.reason)});
      },
      [](pid_atom) { return static_cast<std::int32_t>(::getpid()); });
}

TEST_F(death_of_actors_test, is_told_once_to_a_trapper_that_blocks) {
  exit_queue out;
  ramet::node first;
  ramet::node second;
  auto partner = second.spawn(servant);
  auto a = first.spawn(blocking_trapper, out);
  ASSERT_TRUE(ramet::ask<bool>(partner, link_atom::value, a).get());
  end_witness witness{first, second};
  end(second, partner, false);
  expect_news(out, false);
  second.kill();
  EXPECT_TRUE(witness.sees_it());
  EXPECT_EQ(pid_of(a), first.pid());
  EXPECT_TRUE(out.empty());
  first.kill();
}

TEST_F(death_of_actors_test, by_a_kill_ends_those_that_were_linked_from_afar) {
  ramet::node first;
  ramet::node second;
  auto a = first.spawn(servant);
  auto b = second.spawn(servant);
  ASSERT_TRUE(ramet::ask<bool>(a, link_atom::value, b).get());
  caf::scoped_actor self{ramet::actor_system()};
  self->monitor(b);
  pid_of(b);
  first.kill();
  EXPECT_EQ(next_down(self, b), "exit_reason(remote_link_unreachable)");
}

TEST_F(death_of_actors_test,
       is_told_once_to_those_that_have_linked_each_other) {
  exit_queue out;
  for (bool killed : {false, true}) {
    ramet::node first;
    ramet::node second;
    auto partner = second.spawn(servant);
    auto a = first.spawn(trapper, partner, out);
    ASSERT_TRUE(ramet::ask<bool>(partner, link_atom::value, a).get());
    pid_of(a);
    ASSERT_TRUE(ramet::ask<bool>(a, link_atom::value).get());
    end_witness witness{first, second};
    if (!killed) {
      caf::anon_send(partner, quit_atom::value);
      EXPECT_TRUE(out.get_for(long_enough));
    }
    second.kill();
    if (killed) {
      EXPECT_TRUE(out.get_for(long_enough));
    }
    EXPECT_TRUE(witness.sees_it());
    EXPECT_EQ(pid_of(a), first.pid());
    EXPECT_TRUE(out.empty());
    first.kill();
  }
}

// Two of its process watch another one: what is told to the first, who began
// before, is told to the second, too.
TEST_F(death_of_actors_test, is_not_told_to_who_no_longer_monitors) {
  ramet::node first;
  auto witness = first.spawn(servant);
  auto former = first.spawn(servant);
  for (bool killed : {false, true}) {
    ramet::node second;
    auto a = second.spawn(servant);
    ASSERT_TRUE(ramet::ask<bool>(witness, monitor_atom::value, a).get());
    ASSERT_TRUE(ramet::ask<bool>(former, monitor_atom::value, a).get());
    ASSERT_TRUE(ramet::ask<bool>(former, demonitor_atom::value, a).get());
    end(second, a, killed);
    EXPECT_TRUE(eventually([&] {
      return ramet::ask<std::int32_t>(witness, downs_atom::value).get()
             == 1 + killed;
    }));
    EXPECT_EQ(ramet::ask<std::int32_t>(former, downs_atom::value).get(), 0);
  }
}

// Of two trappers that are linked with `partner` by `link`, one takes the link
// back.
template <class Link>
void expect_news_for_the_other_only(Link link) {
  exit_queue out;
  exit_queue never;
  for (bool killed : {false, true}) {
    ramet::node first;
    ramet::node second;
    auto partner = second.spawn(servant);
    auto witness = first.spawn(trapper, partner, out);
    auto former = first.spawn(trapper, partner, never);
    for (auto& one : {witness, former})
      ASSERT_TRUE(link(one, partner));
    pid_of(former);
    ASSERT_TRUE(ramet::ask<bool>(former, unlink_atom::value).get());
    pid_of(partner);
    end(second, partner, killed);
    EXPECT_TRUE(out.get_for(long_enough));
    EXPECT_EQ(pid_of(former), first.pid());
    EXPECT_TRUE(never.empty());
    first.kill();
  }
}

TEST_F(death_of_actors_test, is_not_told_to_who_is_no_longer_linked) {
  expect_news_for_the_other_only([](const caf::actor& one, const caf::actor&) {
    return ramet::ask<bool>(one, link_atom::value).get();
  });
}

TEST_F(death_of_actors_test,
       is_not_told_when_the_other_has_taken_the_link_back) {
  expect_news_for_the_other_only(
      [](const caf::actor& one, const caf::actor& partner) {
        return ramet::ask<bool>(partner, link_atom::value, one).get();
      });
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
