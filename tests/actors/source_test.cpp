// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "actors_test.hpp"
#include "cpu_time.hpp"

#include <ramet/detail/question.hpp>
#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>
#include <ramet/source.hpp>
#include <ramet/supervisor.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>

namespace ramet_test {

namespace {

using free_atom = caf::atom_constant<caf::atom("free")>;

constexpr int end_mark = -1;

// Puts all that it gets into a queue; text as its length.
caf::behavior collector(caf::event_based_actor* self, ramet::queue<int> out) {
  return {
      [=](int x) mutable { out.put(x); },
      [=](const std::string& x) mutable {
        out.put(static_cast<int>(x.size()));
      },
      [=](const person& x) mutable { out.put(x.age); },
      [=](ramet::end_of_source) mutable { out.put(end_mark); },
      [=](quit_atom) { self->quit(); },
  };
}

struct keeper_state {
  std::vector<int> items;
  std::vector<caf::response_promise> promises;
};

// Keeps what it gets and is done with none of it until it is told.
caf::behavior keeper(caf::stateful_actor<keeper_state>* self) {
  return {
      [=](int x) {
        self->state.items.push_back(x);
        auto promise = self->make_response_promise<int>();
        self->state.promises.push_back(promise);
        return promise;
      },
      [=](count_atom) { return static_cast<int>(self->state.items.size()); },
      [=](free_atom) {
        for (auto& one : self->state.promises)
          one.deliver(0);
        self->state.promises.clear();
        return self->state.items;
      },
      [=](quit_atom) { self->quit(); },
  };
}

int kept_by(const caf::actor& one) {
  return ramet::ask<int>(one, count_atom::value).get();
}

std::vector<int> numbers(int count) {
  std::vector<int> result(static_cast<std::size_t>(count));
  std::iota(result.begin(), result.end(), 0);
  return result;
}

void put_all(ramet::queue<int>& to, const std::vector<int>& items) {
  for (int x : items)
    to.put(x);
}

// The next items; fewer if they do not come.
std::vector<int> get_some(ramet::queue<int>& from, std::size_t count) {
  std::vector<int> result;
  while (result.size() < count) {
    auto item = from.get_for(long_enough);
    if (!item)
      break;
    result.push_back(*item);
  }
  return result;
}

struct source_test : actors_test {
  void SetUp() override {
    { // what is made once and kept, is made now
      ramet::queue<int> items;
      ramet::queue<int> out;
      auto a = ramet::actor_system().spawn(collector, out);
      items.put(1);
      items.close();
      ramet::source s = ramet::feed(items, a);
      ASSERT_TRUE(s.join_for(long_enough));
      ASSERT_EQ(out.get_for(long_enough), 1);
      caf::anon_send(a, quit_atom::value);
    }
    actors_test::SetUp();
  }
};

TEST_F(source_test, hands_on_all_items_in_order_to_an_actor_of_this_process) {
  ramet::queue<int> items;
  ramet::queue<int> out;
  auto a = ramet::actor_system().spawn(collector, out);
  ramet::source s = ramet::feed(items, a);
  put_all(items, numbers(1000));
  EXPECT_EQ(get_some(out, 1000), numbers(1000));
  EXPECT_FALSE(s.ended());
  caf::anon_send(a, quit_atom::value);
}

TEST_F(source_test, hands_on_all_items_in_order_to_an_actor_elsewhere) {
  ramet::node n;
  ramet::queue<int> items;
  ramet::queue<int> out;
  put_all(items, numbers(500));
  ramet::source s = ramet::feed(items, n.spawn(collector, out));
  for (int x = 500; x < 1000; ++x)
    items.put(x);
  EXPECT_EQ(get_some(out, 1000), numbers(1000));
}

TEST_F(source_test, hands_on_aggregates_and_whole_messages) {
  ramet::node n;
  ramet::queue<int> out;
  auto a = n.spawn(collector, out);
  ramet::queue<person> people;
  ramet::queue<caf::message> messages;
  ramet::source s = ramet::feed(people, a);
  people.put({"Ann", 37, {1.5}});
  EXPECT_EQ(out.get_for(long_enough), 37);
  ramet::source t = ramet::feed(messages, a);
  messages.put(caf::make_message(std::string{"four"}));
  EXPECT_EQ(out.get_for(long_enough), 4);
}

TEST_F(source_test, leaves_in_the_queue_what_does_not_fit_its_window) {
  ramet::node n;
  auto a = n.spawn(keeper);
  ramet::queue<int> items;
  put_all(items, numbers(20));
  ramet::source s = ramet::feed(items, a, {.window = 4});
  ASSERT_TRUE(eventually([&] { return kept_by(a) == 4; }));
  EXPECT_EQ(items.size(), 16u);
  ramet::ask(a, free_atom::value).get();
  // Items follow when half the window is free, so three or all four do.
  ASSERT_TRUE(eventually([&] { return kept_by(a) >= 7; }));
  EXPECT_GE(items.size(), 12u);
}

// With two there is nothing between half the window and all of it.
TEST_F(source_test, fills_a_window_of_two_again) {
  ramet::node n;
  auto a = n.spawn(keeper);
  ramet::queue<int> items;
  put_all(items, numbers(20));
  ramet::source s = ramet::feed(items, a, {.window = 2});
  for (int kept = 2; kept <= 20; kept += 2) {
    ASSERT_TRUE(eventually([&] { return kept_by(a) == kept; }));
    EXPECT_EQ(items.size(), static_cast<std::size_t>(20 - kept));
    ramet::ask(a, free_atom::value).get();
  }
}

TEST_F(source_test, with_a_window_of_one_waits_for_each_answer) {
  auto a = ramet::actor_system().spawn(keeper);
  ramet::queue<int> items{{.maxsize = 2}};
  ramet::source s = ramet::feed(items, a, {.window = 1});
  items.put(0);
  ASSERT_TRUE(eventually([&] { return kept_by(a) == 1; }));
  items.put(1);
  items.put(2);
  EXPECT_FALSE(items.try_put(3)) << "a bounded queue pushes back";
  for (int round = 2; round <= 3; ++round) {
    ramet::ask(a, free_atom::value).get();
    ASSERT_TRUE(eventually([&] { return kept_by(a) == round; }));
  }
  EXPECT_TRUE(items.empty());
  caf::anon_send(a, quit_atom::value);
}

TEST_F(source_test, shares_the_queue_with_other_consumers) {
  ramet::node n;
  caf::actor actors[] = {n.spawn(keeper), ramet::actor_system().spawn(keeper)};
  ramet::queue<int> items;
  put_all(items, numbers(30));
  ramet::source s = ramet::feed(items, actors[0], {.window = 5});
  ramet::source t = ramet::feed(items, actors[1], {.window = 5});
  for (auto& a : actors)
    ASSERT_TRUE(eventually([&] { return kept_by(a) == 5; }));
  EXPECT_EQ(items.size(), 20u);
  std::vector<int> seen;
  for (int i = 0; i < 10; ++i)
    seen.push_back(items.get());
  items.close();
  while (!s.ended() || !t.ended())
    for (auto& a : actors)
      ramet::ask(a, free_atom::value).get();
  for (auto& a : actors) {
    auto kept = ramet::ask<std::vector<int>>(a, free_atom::value).get();
    EXPECT_TRUE(std::ranges::is_sorted(kept));
    std::ranges::copy(kept, std::back_inserter(seen));
  }
  std::ranges::sort(seen);
  EXPECT_EQ(seen, numbers(30)) << "each item once";
  caf::anon_send(actors[1], quit_atom::value);
}

TEST_F(source_test,
       ends_when_the_queue_is_closed_and_says_so_behind_the_items) {
  ramet::node n;
  ramet::queue<int> items;
  ramet::queue<int> out;
  put_all(items, numbers(100));
  items.close();
  ramet::source s =
      ramet::feed(items, n.spawn(collector, out), {.announce_end = true});
  EXPECT_TRUE(s.join_for(long_enough));
  EXPECT_TRUE(s.ended());
  auto expected = numbers(100);
  expected.push_back(end_mark);
  EXPECT_EQ(get_some(out, 101), expected);
}

TEST_F(source_test, does_not_end_before_the_last_item_is_answered) {
  ramet::node n;
  auto a = n.spawn(keeper);
  ramet::queue<int> items;
  put_all(items, numbers(2));
  items.close();
  ramet::source s = ramet::feed(items, a);
  ASSERT_TRUE(eventually([&] { return kept_by(a) == 2; }));
  EXPECT_FALSE(s.join_for(20ms));
  ramet::ask(a, free_atom::value).get();
  EXPECT_TRUE(s.join_for(long_enough));
}

TEST_F(source_test, ends_with_the_process_of_its_actor_and_leaves_the_rest) {
  ramet::node n;
  auto a = n.spawn(keeper);
  ramet::queue<int> items;
  put_all(items, numbers(100));
  ramet::source s = ramet::feed(items, a, {.window = 8});
  ASSERT_TRUE(eventually([&] { return kept_by(a) == 8; }));
  n.kill();
  EXPECT_TRUE(s.join_for(long_enough));
  EXPECT_EQ(items.size(), 92u);
  EXPECT_EQ(items.get(), 8) << "for others";
}

TEST_F(source_test, loses_no_more_than_its_window_with_a_process_at_work) {
  chance dice;
  constexpr std::size_t total = 20'000;
  constexpr std::size_t window = 8;
  for (int round = 0; round < 5; ++round) {
    ramet::node n;
    ramet::queue<int> items;
    ramet::queue<int> out;
    put_all(items, numbers(total));
    ramet::source s =
        ramet::feed(items, n.spawn(collector, out), {.window = window});
    ASSERT_TRUE(eventually([&] { return out.size() > 20; }));
    pass(dice.within(3ms));
    n.kill();
    ASSERT_TRUE(s.join_for(long_enough));
    n.join();
    EXPECT_LE(total - items.size() - out.size(), window);
    EXPECT_FALSE(items.empty()) << "it was to be killed at work";
  }
}

TEST_F(source_test, ends_with_its_actor_and_leaves_the_rest) {
  ramet::node n;
  caf::actor actors[] = {n.spawn(keeper), ramet::actor_system().spawn(keeper)};
  for (auto& a : actors) {
    ramet::queue<int> items;
    put_all(items, numbers(100));
    ramet::source s = ramet::feed(items, a, {.window = 8});
    ASSERT_TRUE(eventually([&] { return kept_by(a) == 8; }));
    caf::anon_send(a, quit_atom::value);
    EXPECT_TRUE(s.join_for(long_enough));
    EXPECT_EQ(items.size(), 92u);
    ramet::source late = ramet::feed(items, a);
    EXPECT_TRUE(late.join_for(long_enough)) << "of one that has ended before";
    EXPECT_EQ(items.size(), 92u);
  }
}

// Holds up whoever answers.
class slow_to_hear final : public ramet::detail::answer_sink {
public:
  slow_to_hear(ramet::queue<int> answered, ramet::queue<int> go_on)
      : answered_(std::move(answered)), go_on_(std::move(go_on)) {}
  void answer(caf::message&&) noexcept override {
    answered_.put(1);
    go_on_.get_for(long_enough);
  }

private:
  ramet::queue<int> answered_;
  ramet::queue<int> go_on_;
};

TEST_F(source_test, has_not_ended_before_others_find_the_actor_ended) {
  ramet::queue<int> leave;
  auto unanswered = std::make_shared<caf::response_promise>();
  auto a = ramet::actor_system().spawn(
      [=](caf::event_based_actor* self) -> caf::behavior {
        return {[=](int) mutable {
          *unanswered = self->make_response_promise();
          leave.get();
          self->quit();
          return *unanswered;
        }};
      });
  ramet::queue<int> items;
  put_all(items, numbers(10));
  ramet::source s = ramet::feed(items, a, {.window = 2});
  ASSERT_TRUE(eventually([&] { return items.size() == 8; }));
  // The actor refuses what it has not read, first the second item and then
  // this, before it has ended for those who watch it.
  ramet::queue<int> refused;
  ramet::queue<int> go_on;
  caf::actor_cast<caf::strong_actor_ptr>(a)->enqueue(
      caf::make_mailbox_element(
          ramet::detail::make_port(
              std::make_shared<slow_to_hear>(refused, go_on)),
          ramet::detail::question_id(), {}, 0),
      nullptr);
  leave.put(1);
  ASSERT_TRUE(refused.get_for(long_enough));
  EXPECT_FALSE(s.join_for(50ms)) << "the actor's end is not there yet";
  go_on.put(1);
  EXPECT_TRUE(s.join_for(long_enough));
  ramet::source late = ramet::feed(items, a);
  EXPECT_TRUE(late.join_for(long_enough));
  EXPECT_EQ(items.size(), 8u);
}

TEST_F(source_test, ends_with_its_actor_while_there_are_no_items) {
  ramet::node n;
  ramet::queue<int> items;
  auto a = n.spawn(keeper);
  ramet::source s = ramet::feed(items, a);
  caf::anon_send(a, quit_atom::value);
  EXPECT_TRUE(s.join_for(long_enough));
}

TEST_F(source_test, goes_on_while_its_actor_hands_items_on_to_a_dead_one) {
  ramet::node n;
  ramet::queue<int> items;
  ramet::queue<int> out;
  auto dead = n.spawn(servant);
  caf::anon_send(dead, quit_atom::value);
  ASSERT_TRUE(comes_to_refuse(dead));
  auto a = n.spawn(
      [](caf::event_based_actor* self, caf::actor to,
         ramet::queue<int> seen) -> caf::behavior {
        return {[=](int x) mutable {
          seen.put(x);
          return self->delegate(to, x);
        }};
      },
      dead, out);
  ramet::source s = ramet::feed(items, a, {.window = 2});
  put_all(items, numbers(50));
  EXPECT_EQ(get_some(out, 50), numbers(50));
  EXPECT_FALSE(s.ended());
}

TEST_F(source_test, waits_for_the_next_actor_of_a_supervisor) {
  ramet::queue<int> items;
  ramet::queue<int> out;
  ramet::supervisor boss{{.max_restarts = 10}};
  auto a = boss.spawn(
      {.name = "worker"},
      [](caf::event_based_actor*, ramet::queue<int> seen) -> caf::behavior {
        return {[=](int x) mutable {
          if (x == 3)
            ::kill(::getpid(), SIGKILL);
          seen.put(x);
        }};
      },
      out);
  ramet::source s = ramet::feed(items, a, {.window = 1});
  put_all(items, numbers(20));
  auto expected = numbers(20);
  std::erase(expected, 3);
  EXPECT_EQ(get_some(out, 19), expected)
      << "only the one in the window is lost";
}

TEST_F(source_test, takes_messages_of_several_types_from_a_connection) {
  ramet::node n;
  ramet::queue<int> out;
  auto [here, there] = ramet::pipe();
  ramet::source s = ramet::feed<int, std::string>(
      std::move(there), n.spawn(collector, out), {.announce_end = true});
  for (int i = 0; i < 100; ++i) {
    here.send(i);
    here.send(std::string(static_cast<std::size_t>(i + 1000), 'x'));
  }
  here.close();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(out.get_for(long_enough), i);
    EXPECT_EQ(out.get_for(long_enough), i + 1000);
  }
  EXPECT_EQ(out.get_for(long_enough), end_mark);
  EXPECT_TRUE(s.join_for(long_enough));
}

TEST_F(source_test, ends_when_the_process_at_the_other_end_is_killed) {
  ramet::node n;
  ramet::queue<int> out;
  auto [here, there] = ramet::pipe();
  ramet::source s = ramet::feed<int>(std::move(here), n.spawn(collector, out));
  ramet::process p{[](ramet::connection end) {
                     end.send(7);
                     ::kill(::getpid(), SIGKILL);
                   },
                   std::move(there)};
  EXPECT_TRUE(s.join_for(long_enough));
  EXPECT_EQ(out.get_for(long_enough), 7);
  p.join();
}

TEST_F(source_test, closes_its_end_of_the_pipe_when_it_ends) {
  ramet::node n;
  ramet::queue<int> out;
  auto [here, there] = ramet::pipe();
  ramet::source s = ramet::feed<int>(std::move(there), n.spawn(collector, out));
  here.send(1);
  EXPECT_EQ(out.get_for(long_enough), 1);
  s.stop();
  s.join();
  expect_error(ramet::errc::closed, {}, [&] { here.send(2); });
}

TEST_F(source_test, gives_up_at_a_message_of_another_type) {
  ramet::node n;
  ramet::queue<int> out;
  ramet::queue<std::string> told;
  auto [here, there] = ramet::pipe();
  ramet::source s =
      ramet::feed<int>(std::move(there), n.spawn(collector, out),
                       {.on_error = [told](const caf::error& e) mutable {
                         told.put(ramet::actor_system().render(e));
                       }});
  here.send(1);
  here.send(2.5);
  EXPECT_TRUE(s.join_for(long_enough));
  EXPECT_EQ(out.get_for(long_enough), 1);
  auto text = told.get_for(long_enough);
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("double"), text->npos) << *text;
}

TEST_F(source_test, counts_errors_as_answers_and_tells_them) {
  ramet::node n;
  ramet::queue<int> items;
  std::atomic<int> told{0};
  auto a = n.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](int) -> caf::result<int> {
      return caf::make_error(caf::sec::invalid_argument);
    }};
  });
  put_all(items, numbers(50));
  items.close();
  ramet::source s =
      ramet::feed(items, a, {.window = 1, .on_error = [&](const caf::error& e) {
                               EXPECT_EQ(e, caf::sec::invalid_argument);
                               ++told;
                             }});
  EXPECT_TRUE(s.join_for(long_enough));
  EXPECT_TRUE(eventually([&] { return told == 50; }));
}

TEST_F(source_test, takes_nothing_after_it_was_stopped) {
  ramet::node n;
  ramet::queue<int> items;
  ramet::queue<int> out;
  auto a = n.spawn(collector, out);
  auto check = [&](int x) {
    items.put(x);
    pid_of(n.spawn(servant)); // time for it to go wrong
    EXPECT_EQ(items.size(), 1u);
    EXPECT_EQ(items.try_get(), x);
  };
  {
    ramet::source s = ramet::feed(items, a);
    items.put(1);
    EXPECT_EQ(out.get_for(long_enough), 1);
    s.stop();
    s.stop();
    s.join();
    EXPECT_TRUE(s.ended());
    check(2);
    s = ramet::feed(items, a);
    items.put(3);
    EXPECT_EQ(out.get_for(long_enough), 3);
  }
  check(4); // stopped by the destructor
}

TEST_F(source_test, is_stopped_while_its_actor_is_busy) {
  auto a = ramet::actor_system().spawn(keeper);
  ramet::queue<int> items;
  put_all(items, numbers(10));
  auto time = time_of([&] {
    ramet::source s = ramet::feed(items, a, {.window = 2});
    ASSERT_TRUE(eventually([&] { return kept_by(a) == 2; }));
  });
  EXPECT_LT(time, soon);
  EXPECT_EQ(items.size(), 8u);
  EXPECT_EQ(ramet::ask<std::vector<int>>(a, free_atom::value).get(),
            numbers(2));
  caf::anon_send(a, quit_atom::value);
}

TEST_F(source_test, goes_on_after_it_was_detached) {
  ramet::node n;
  ramet::queue<int> items;
  ramet::queue<int> out;
  ramet::feed(items, n.spawn(collector, out)).detach();
  put_all(items, numbers(100));
  EXPECT_EQ(get_some(out, 100), numbers(100));
  // The fixture sees that it lets go of the queue with its actor.
}

TEST_F(source_test, says_closed_when_it_is_none) {
  ramet::node n;
  ramet::queue<int> items;
  ramet::queue<int> out;
  ramet::source s = ramet::feed(items, n.spawn(collector, out));
  ramet::source t = std::move(s);
  expect_error(ramet::errc::closed, {"join"}, [&] { s.join(); });
  expect_error(ramet::errc::closed, {"stop"}, [&] { s.stop(); });
  items.put(1);
  EXPECT_EQ(out.get_for(long_enough), 1);
  expect_error(ramet::errc::closed, {"handle is empty"},
               [&] { ramet::feed(items, caf::actor{}); });
  expect_error(ramet::errc::closed, {}, [&] {
    ramet::feed<int>(ramet::connection{}, n.spawn(servant));
  });
  auto [to, from] = ramet::pipe({.duplex = false});
  expect_error(ramet::errc::protocol, {"one-way"},
               [&] { ramet::feed<int>(std::move(from), n.spawn(servant)); });
}

using taker = caf::typed_actor<caf::reacts_to<int>>;

TEST_F(source_test, feeds_typed_actors_what_their_interface_knows) {
  ramet::node n;
  ramet::queue<int> items;
  ramet::queue<int> out;
  taker a = n.spawn(
      [](taker::pointer, ramet::queue<int> to) -> taker::behavior_type {
        return {[=](int x) mutable { to.put(x); }};
      },
      out);
  ramet::source s = ramet::feed(items, a);
  items.put(5);
  EXPECT_EQ(out.get_for(long_enough), 5);
  expect_error(ramet::errc::type_mismatch, {"end_of_source"},
               [&] { ramet::feed(items, a, {.announce_end = true}); });
}

TEST_F(source_test, runs_in_another_process_than_its_actor_and_ends_with_it) {
  ramet::queue<int> items;
  ramet::queue<int> out;
  auto a = ramet::actor_system().spawn(collector, out);
  ramet::process p{[](ramet::queue<int> from, caf::actor to) {
                     ramet::source s = ramet::feed(from, to);
                     s.join();
                   },
                   items, caf::actor_cast<caf::actor>(a)};
  put_all(items, numbers(10));
  EXPECT_EQ(get_some(out, 10), numbers(10));
  p.kill();
  p.join();
  items.put(10);
  EXPECT_EQ(items.size(), 1u) << "it stays";
  caf::anon_send(a, quit_atom::value);
}

TEST_F(source_test, lets_its_process_end_while_it_waits) {
  ramet::node n;
  ramet::queue<int> items;
  ramet::queue<int> out;
  ramet::process p{[](ramet::queue<int> from, caf::actor to) {
                     ramet::feed(from, to).detach();
                   },
                   items, n.spawn(collector, out)};
  EXPECT_TRUE(p.join_for(long_enough));
  EXPECT_TRUE(p.status()->success());
}

TEST_F(source_test, costs_no_cpu_time_while_there_is_nothing_to_do) {
  ramet::node n;
  ramet::queue<int> nothing;
  ramet::queue<int> more_than_fits;
  ramet::queue<int> out;
  auto busy = n.spawn(keeper);
  put_all(more_than_fits, numbers(10));
  auto [here, there] = ramet::pipe();
  ramet::source s = ramet::feed(nothing, n.spawn(collector, out));
  ramet::source t = ramet::feed(more_than_fits, busy, {.window = 2});
  ramet::source u = ramet::feed<int>(std::move(there), n.spawn(collector, out));
  ASSERT_TRUE(eventually([&] { return kept_by(busy) == 2; }));
  // The best of some: what the system does meanwhile counts as our own.
  std::chrono::nanoseconds least = 1h;
  for (int i = 0; i < 8 && least > 3ms; ++i) {
    auto before = own_cpu_time();
    ::poll(nullptr, 0, 300);
    least = std::min(least, own_cpu_time() - before);
  }
  EXPECT_LT(least, 3ms);
}

} // namespace

} // namespace ramet_test
