// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "supervisor_fixture.hpp"

#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

using namespace ramet_test;
using namespace std::chrono_literals;

namespace {

class adder : public tally::base {
public:
  adder(caf::actor_config& config, int start)
      : tally::base(config), sum_(start) {}

  tally::behavior_type make_behavior() override {
    return {[this](add_atom, int x) { return sum_ += x; },
            [](pid_atom) { return ramet::this_process().pid(); },
            [](fail_atom, bool) {}};
  }

private:
  int sum_;
};

// Starts when it finds something in the queue, or fails to if that is 0.
tally::behavior_type make_gated(tally::stateful_pointer<tally_state> self,
                                const std::string& name, news_queue out,
                                ramet::queue<int> gate) {
  say(out, name, "waits");
  if (gate.get() == 0)
    throw std::runtime_error{"no money"};
  return make_tally(self, 0, name, out);
}

caf::behavior make_late(caf::event_based_actor* self, news_queue out,
                        ramet::queue<int> gate) {
  self->attach_functor([=](const caf::error&) { say(out, "late", "ends"); });
  say(out, "late", "waits");
  gate.get();
  return {[](pid_atom) { return ramet::this_process().pid(); }};
}

caf::behavior make_deaf(caf::event_based_actor* self, news_queue out) {
  self->set_exit_handler(
      [=](const caf::exit_msg&) { say(out, "deaf", "hears"); });
  return {[](pid_atom) { return ramet::this_process().pid(); }};
}

caf::behavior make_nothing(caf::event_based_actor*, bool work) {
  if (!work)
    throw std::runtime_error{"no money"};
  return {[](pid_atom) { return ramet::this_process().pid(); }};
}

const ramet::restart_pause long_pause{.first = 1h, .longest = 1h};

} // namespace

TEST_F(supervisor_test, a_child_lives_in_a_process_of_its_own) {
  ramet::supervisor top;
  auto one = spawn(top, "one", 100);
  EXPECT_EQ(ramet::ask(one, add_atom::value, 5).get(), 105);
  EXPECT_NE(pid(one), ::getpid());
  auto two = spawn(top, "two");
  EXPECT_NE(pid(one), pid(two));
  top.stop();
  expect("two", "stops");
  expect("one", "stops");
}

TEST_F(supervisor_test, a_killed_child_is_back_under_the_same_handle) {
  ramet::supervisor top;
  auto one = spawn(top, "one", 100, {.stop_timeout = 1ms});
  auto before = pid(one);
  EXPECT_EQ(ramet::ask(one, add_atom::value, 5).get(), 105);
  kill(one);
  auto after = expect("one", "starts");
  EXPECT_NE(after, before);
  EXPECT_TRUE(comes_to_be(top, 0, ramet::child_state::running));
  EXPECT_EQ(ramet::ask(one, add_atom::value, 5).get(), 105);
  EXPECT_EQ(pid(one), after);
}

TEST_F(supervisor_test, other_processes_reach_the_child_after_its_restart) {
  ramet::supervisor top;
  ramet::node other;
  auto one = spawn(top, "one", 0, {.stop_timeout = 1ms});
  auto relay = other.spawn(servant);
  auto asked_there = [&] {
    return ramet::ask<std::int32_t>(relay, relay_atom::value,
                                    caf::actor_cast<caf::actor>(one))
        .get();
  };
  EXPECT_EQ(asked_there(), pid(one));
  kill(one);
  auto after = expect("one", "starts");
  EXPECT_TRUE(comes_to_be(top, 0, ramet::child_state::running));
  EXPECT_EQ(asked_there(), after);
}

TEST_F(supervisor_test, requests_fail_at_once_while_a_child_is_down) {
  ramet::supervisor top{{.pause = long_pause}};
  auto one = spawn(top, "one", 0, {.stop_timeout = 1ms});
  kill(one);
  expect("one", "starts");
  ASSERT_TRUE(comes_to_be(top, 0, ramet::child_state::running));
  kill(one);
  ASSERT_TRUE(comes_to_be(top, 0, ramet::child_state::waiting));
  expect_error(ramet::errc::closed, {"has ended"},
               [&] { ramet::ask(one, pid_atom::value).get(); });
}

TEST_F(supervisor_test, a_permanent_child_is_back_after_a_normal_end) {
  ramet::supervisor top;
  auto one = spawn(top, "one", 0, {.stop_timeout = 1ms});
  auto before = pid(one);
  caf::anon_send(one, fail_atom::value, true);
  EXPECT_NE(expect("one", "starts"), before);
}

TEST_F(supervisor_test, a_transient_child_is_back_only_after_a_failure) {
  ramet::supervisor top;
  auto one =
      spawn(top, "one", 0, {.restart = ramet::transient, .stop_timeout = 1ms});
  end_of end{one};
  caf::anon_send(one, fail_atom::value, false);
  expect("one", "starts");
  EXPECT_FALSE(end.seen());
  ASSERT_TRUE(comes_to_be(top, 0, ramet::child_state::running));
  caf::anon_send(one, fail_atom::value, true);
  auto reason = end.wait();
  ASSERT_TRUE(reason);
  EXPECT_FALSE(*reason);
  EXPECT_TRUE(top.tree().children.empty());
  EXPECT_TRUE(top.running());
}

TEST_F(supervisor_test, a_temporary_child_is_never_back) {
  ramet::supervisor top;
  auto one = spawn(top, "one", 0, {.restart = ramet::temporary});
  end_of end{one};
  kill(one);
  auto reason = end.wait();
  ASSERT_TRUE(reason);
  EXPECT_EQ(*reason, caf::exit_reason::remote_link_unreachable);
  EXPECT_TRUE(top.tree().children.empty());
}

TEST_F(supervisor_test, one_for_one_leaves_the_others_alone) {
  ramet::supervisor top{{.strategy = ramet::one_for_one}};
  auto one = spawn(top, "one");
  auto two = spawn(top, "two");
  auto pids = std::pair{pid(one), pid(two)};
  kill(one);
  EXPECT_NE(expect("one", "starts"), pids.first);
  EXPECT_EQ(pid(two), pids.second);
  top.stop();
  expect("two", "stops");
  expect("one", "stops");
}

TEST_F(supervisor_test, one_for_all_stops_backwards_and_starts_forwards) {
  ramet::supervisor top{{.strategy = ramet::one_for_all}};
  auto one = spawn(top, "one");
  auto two = spawn(top, "two");
  auto three = spawn(top, "three");
  kill(two);
  expect("three", "stops");
  expect("one", "stops");
  expect("one", "starts");
  expect("two", "starts");
  expect("three", "starts");
  top.stop();
  expect("three", "stops");
  expect("two", "stops");
  expect("one", "stops");
}

TEST_F(supervisor_test, rest_for_one_restarts_those_added_later) {
  ramet::supervisor top{{.strategy = ramet::rest_for_one}};
  auto one = spawn(top, "one");
  auto two = spawn(top, "two");
  auto three = spawn(top, "three");
  auto first = pid(one);
  kill(two);
  expect("three", "stops");
  expect("two", "starts");
  expect("three", "starts");
  EXPECT_EQ(pid(one), first);
  top.stop();
  expect("three", "stops");
  expect("two", "stops");
  expect("one", "stops");
}

TEST_F(supervisor_test, a_temporary_child_goes_with_its_siblings_for_good) {
  ramet::supervisor top{{.strategy = ramet::one_for_all}};
  auto one = spawn(top, "one");
  auto guest = spawn(top, "guest", 0, {.restart = ramet::temporary});
  auto two = spawn(top, "two");
  end_of end{guest};
  kill(one);
  expect("two", "stops");
  expect("guest", "stops");
  expect("one", "starts");
  expect("two", "starts");
  auto reason = end.wait();
  ASSERT_TRUE(reason);
  EXPECT_EQ(*reason, caf::exit_reason::user_shutdown);
  EXPECT_EQ(top.tree().children.size(), 2u);
  top.stop();
  expect("two", "stops");
  expect("one", "stops");
}

TEST_F(supervisor_test, a_temporary_child_does_not_take_its_siblings_along) {
  ramet::supervisor top{{.strategy = ramet::one_for_all}};
  auto one = spawn(top, "one");
  auto guest = spawn(top, "guest", 0, {.restart = ramet::temporary});
  auto before = pid(one);
  end_of end{guest};
  kill(guest);
  EXPECT_TRUE(end.wait());
  EXPECT_EQ(pid(one), before);
  top.stop();
  expect("one", "stops");
}

TEST_F(supervisor_test, a_child_may_be_of_a_class) {
  ramet::supervisor top;
  auto one = top.spawn<adder>({.name = "one", .stop_timeout = 1ms}, 7);
  auto two = top.spawn<adder>(1);
  auto before = ramet::ask(one, pid_atom::value).get();
  EXPECT_EQ(ramet::ask(one, add_atom::value, 1).get(), 8);
  EXPECT_EQ(ramet::ask(two, add_atom::value, 1).get(), 2);
  ::kill(before, SIGKILL);
  EXPECT_TRUE(eventually([&] {
    try {
      return ramet::ask(one, pid_atom::value).get() != before;
    } catch (const ramet::actor_error&) { // it is down
      return false;
    }
  }));
  EXPECT_EQ(ramet::ask(one, add_atom::value, 1).get(), 8);
}

TEST_F(supervisor_test, restarts_of_long_ago_do_not_count) {
  ramet::supervisor top{
      {.max_restarts = 1, .within = 1ms, .pause = {.first = 0ms}}};
  auto one = spawn(top, "one", 0, {.stop_timeout = 1ms});
  for (int i = 0; i < 4; ++i) {
    kill(one); // to start has taken longer than that
    expect("one", "starts");
    ASSERT_TRUE(comes_to_be(top, 0, ramet::child_state::running));
  }
  EXPECT_FALSE(top.failure());
}

TEST_F(supervisor_test, a_child_that_has_run_long_enough_is_back_at_once) {
  auto pause = long_pause;
  pause.reset_after = 0ms;
  ramet::supervisor top{{.max_restarts = 9, .pause = pause}};
  auto one = spawn(top, "one", 0, {.stop_timeout = 1ms});
  for (int i = 0; i < 4; ++i) {
    kill(one);
    expect("one", "starts");
    ASSERT_TRUE(comes_to_be(top, 0, ramet::child_state::running));
  }
}

TEST_F(supervisor_test, one_restart_too_many_ends_it) {
  ramet::queue<std::string> told;
  ramet::supervisor top{{.name = "bank",
                         .max_restarts = 2,
                         .within = 60s,
                         .pause = {.first = 1ms},
                         .on_failure = [told](const caf::error& e) mutable {
                           told.put(ramet::actor_system().render(e));
                         }}};
  auto other = spawn(top, "other");
  auto one = spawn(top, "one", 0, {.stop_timeout = 1ms});
  end_of top_end{top.handle()};
  end_of child_end{one};
  for (int i = 0; i < 2; ++i) {
    kill(one);
    expect("one", "starts");
    ASSERT_TRUE(comes_to_be(top, 1, ramet::child_state::running));
  }
  kill(one);
  expect("other", "stops");
  auto text = told.get_for(long_enough);
  ASSERT_TRUE(text);
  for (auto part : {"'bank'", "2 restarts", "'one'", "SIGKILL"})
    EXPECT_NE(text->find(part), std::string::npos) << *text;
  EXPECT_TRUE(top.join_for(long_enough));
  EXPECT_FALSE(top.running());
  EXPECT_TRUE(top.failure());
  EXPECT_EQ(top_end.wait(), top.failure());
  EXPECT_EQ(child_end.wait(), top.failure());
  EXPECT_TRUE(ramet::active_children().empty());
  expect_error(ramet::errc::closed, {"'bank'", "has ended"},
               [&] { top.spawn(make_nothing, true); });
}

TEST_F(supervisor_test, a_child_that_cannot_start_again_is_tried_again) {
  ramet::supervisor top{
      {.max_restarts = 3, .within = 1h, .pause = {.first = 1ms}}};
  ramet::queue<int> gate;
  for (int start : {1, 0, 0, 0})
    gate.put(start);
  auto one = top.spawn({.name = "one"}, make_gated, "one", out(), gate);
  expect("one", "waits");
  expect("one", "starts");
  kill(one);
  for (int i = 0; i < 3; ++i)
    expect("one", "waits");
  ASSERT_TRUE(top.join_for(long_enough));
  auto why = ramet::actor_system().render(top.failure());
  EXPECT_NE(why.find("no money"), std::string::npos) << why;
}

TEST_F(supervisor_test, a_start_that_takes_too_long_is_given_up) {
  ramet::supervisor top;
  ramet::queue<int> gate;
  expect_error(ramet::errc::timed_out, {}, [&] {
    top.spawn({.start_timeout = 200ms}, make_gated, "one", out(), gate);
  });
  EXPECT_TRUE(top.tree().children.empty());
  EXPECT_TRUE(ramet::active_children().empty());
}

TEST_F(supervisor_test, a_slow_start_does_not_hold_up_others) {
  ramet::supervisor top;
  ramet::queue<int> gate;
  gate.put(1);
  auto slow = top.spawn({.name = "slow"}, make_gated, "slow", out(), gate);
  expect("slow", "waits");
  expect("slow", "starts");
  auto quick = spawn(top, "quick");
  kill(slow);
  expect("slow", "waits");
  kill(quick);
  expect("quick", "starts");
  gate.put(1);
  expect("slow", "starts");
  top.stop();
  expect("quick", "stops");
  expect("slow", "stops");
}

TEST_F(supervisor_test, a_start_that_hangs_does_not_hold_up_the_end) {
  auto top = std::make_optional<ramet::supervisor>();
  ramet::queue<int> gate;
  gate.put(1);
  auto slow = top->spawn({.name = "slow"}, make_gated, "slow", out(), gate);
  expect("slow", "waits");
  expect("slow", "starts");
  kill(slow);
  expect("slow", "waits");
  EXPECT_LT(time_of([&] { top.reset(); }), soon);
}

TEST_F(supervisor_test, a_child_that_does_not_end_is_killed) {
  auto top = std::make_optional<ramet::supervisor>();
  auto deaf =
      top->spawn({.name = "deaf", .stop_timeout = 100ms}, make_deaf, out());
  auto number = ramet::ask<int>(deaf, pid_atom::value).get();
  auto time = time_of([&] { top.reset(); });
  EXPECT_GE(time, 100ms);
  EXPECT_LT(time, soon);
  expect("deaf", "hears");
  EXPECT_EQ(state_of(number), '\0');
}

TEST_F(supervisor_test, what_cannot_be_made_is_no_child) {
  ramet::supervisor top;
  expect_error(ramet::errc::child_failed,
               {"child-1", "ended at once", "std::runtime_error: no money"},
               [&] { top.spawn(make_nothing, false); });
  expect_error(ramet::errc::child_failed, {"ended at once: normal"}, [&] {
    top.spawn({.where = ramet::in_process}, [](caf::event_based_actor*) {});
  });
  EXPECT_TRUE(top.tree().children.empty());
  EXPECT_TRUE(ramet::active_children().empty());
}

TEST_F(supervisor_test, a_child_may_live_in_the_supervisors_process) {
  ramet::supervisor top;
  auto one = spawn(top, "one", 7, {.where = ramet::in_process});
  EXPECT_EQ(pid(one), ::getpid());
  EXPECT_EQ(ramet::ask(one, add_atom::value, 1).get(), 8);
  caf::anon_send(one, fail_atom::value, false);
  expect("one", "starts");
  ASSERT_TRUE(comes_to_be(top, 0, ramet::child_state::running));
  EXPECT_EQ(ramet::ask(one, add_atom::value, 1).get(), 8);
  top.stop();
  expect("one", "stops");
}

TEST_F(supervisor_test, a_child_that_is_ready_too_late_is_ended) {
  ramet::supervisor top;
  ramet::queue<int> gate;
  expect_error(ramet::errc::timed_out, {"'late'", "not ready within 100ms"},
               [&] {
                 top.spawn({.name = "late",
                            .where = ramet::in_process,
                            .start_timeout = 100ms},
                           make_late, out(), gate);
               });
  EXPECT_TRUE(top.tree().children.empty());
  expect("late", "waits");
  gate.put(1);
  expect("late", "ends");
}

TEST_F(supervisor_test, a_stopped_child_does_not_come_back) {
  ramet::supervisor top{{.strategy = ramet::one_for_all}};
  auto one = spawn(top, "one");
  auto two = spawn(top, "two");
  end_of end{one};
  auto second = pid(two);
  EXPECT_TRUE(top.stop_child(one));
  expect("one", "stops");
  EXPECT_TRUE(end.wait());
  EXPECT_FALSE(top.stop_child(one));
  EXPECT_EQ(pid(two), second);
  EXPECT_EQ(top.tree().children.size(), 1u);
  top.stop();
  expect("two", "stops");
}

TEST_F(supervisor_test, a_failed_supervisor_is_restarted_with_its_children) {
  ramet::supervisor top;
  auto& desk = top.supervise({.name = "desk", .max_restarts = 0});
  auto one = spawn(desk, "one", 10);
  auto two = spawn(desk, "two", 20, {.stop_timeout = 1ms});
  end_of end{one};
  kill(two);
  expect("one", "stops");
  expect("one", "starts");
  expect("two", "starts");
  ASSERT_TRUE(comes_to_be(top, 0, ramet::child_state::running));
  EXPECT_EQ(ramet::ask(one, add_atom::value, 1).get(), 11);
  EXPECT_EQ(ramet::ask(two, add_atom::value, 1).get(), 21);
  EXPECT_FALSE(end.seen());
  EXPECT_TRUE(desk.running());
  EXPECT_TRUE(desk.failure());
  EXPECT_EQ(top.tree().children.at(0).restarts, 1u);
}

TEST_F(supervisor_test, failures_below_end_the_top_in_the_end) {
  ramet::supervisor top{{.max_restarts = 0}};
  auto& desk = top.supervise({.max_restarts = 0});
  auto one = spawn(desk, "one");
  end_of end{one};
  end_of desk_end{desk.handle()};
  kill(one);
  EXPECT_TRUE(top.join_for(long_enough));
  EXPECT_TRUE(desk.join_for(long_enough));
  EXPECT_TRUE(end.wait());
  EXPECT_EQ(desk_end.wait(), desk.failure());
  auto why = ramet::actor_system().render(top.failure());
  EXPECT_NE(why.find("'supervisor-1'"), std::string::npos) << why;
}

// Of an actor in another process to a child.
class link_to_a_child : public supervisor_test {
protected:
  void SetUp() override {
    supervisor_test::SetUp();
    top_.emplace();
    other_.emplace();
    partner_ = other_->spawn(servant);
    child_ = spawn(*top_, "one", 0, {.stop_timeout = 1ms});
  }
  void TearDown() override {
    child_ = nullptr;
    partner_ = nullptr;
    other_.reset();
    top_.reset();
    supervisor_test::TearDown();
  }

  template <class Atom>
  void have_partner(Atom what) {
    ASSERT_TRUE(
        ramet::ask<bool>(partner_, what, caf::actor_cast<caf::actor>(child_))
            .get());
  }

  // The child may have been restarted, and is told when it is up.
  void expect_up() {
    EXPECT_TRUE(comes_to_be(*top_, 0, ramet::child_state::running));
  }
  void kill_other() {
    expect_up();
    end_of other{other_->spawn(servant)};
    other_->kill();
    ASSERT_TRUE(other.wait());
  }
  // What the child says is of an end of its own.
  void expect_only_a_kill() {
    expect_up();
    kill(child_);
    expect("one", "starts");
  }

  std::optional<ramet::supervisor> top_;
  std::optional<ramet::node> other_;
  caf::actor partner_;
  tally child_;
};

TEST_F(link_to_a_child, ends_it_when_the_other_is_killed) {
  have_partner(link_atom::value);
  kill_other();
  expect("one", "stops");
  expect("one", "starts");
}

TEST_F(link_to_a_child, stays_when_the_child_is_restarted) {
  have_partner(link_atom::value);
  expect_only_a_kill();
  kill_other();
  expect("one", "stops");
  expect("one", "starts");
}

TEST_F(link_to_a_child, may_be_taken_back) {
  have_partner(link_atom::value);
  have_partner(unlink_atom::value);
  kill_other();
  expect_only_a_kill();
}

TEST_F(link_to_a_child, is_told_once_though_the_process_ends_later) {
  have_partner(link_atom::value);
  caf::anon_send(partner_, quit_atom::value);
  expect("one", "stops");
  expect("one", "starts");
  kill_other();
  expect_only_a_kill();
}

TEST_F(supervisor_test, an_exit_message_to_its_handle_stops_it) {
  ramet::supervisor top;
  auto one = spawn(top, "one");
  caf::anon_send_exit(top.handle(), caf::exit_reason::user_shutdown);
  EXPECT_TRUE(top.join_for(long_enough));
  expect("one", "stops");
  EXPECT_FALSE(top.failure());
}

TEST_F(supervisor_test, its_tree_tells_how_everybody_is) {
  ramet::supervisor top{{.name = "bank"}};
  auto& desk = top.supervise({.name = "desk"});
  auto one = spawn(desk, "one", 0, {.stop_timeout = 1ms});
  kill(one);
  auto number = expect("one", "starts");
  ASSERT_TRUE(comes_to_be(desk, 0, ramet::child_state::running));
  auto own = std::to_string(::getpid());
  EXPECT_EQ(to_string(top.tree()), "bank: supervisor, pid " + own
                                       + ", running\n"
                                         "  desk: supervisor, pid "
                                       + own
                                       + ", running\n"
                                         "    one: pid "
                                       + std::to_string(number)
                                       + ", running, 1 restart, "
                                         "last: killed by SIGKILL (9)\n");
}
