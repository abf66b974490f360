// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "actors_test.hpp"

#include <ramet/groups.hpp>
#include <ramet/names.hpp>
#include <ramet/queue.hpp>
#include <ramet/supervisor.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace ramet_test;
using namespace std::chrono_literals;

namespace {

using twice = caf::typed_actor<caf::replies_to<int>::with<int>>;
using length = caf::typed_actor<caf::replies_to<std::string>::with<int>>;

twice::behavior_type make_twice() {
  return {[](int x) { return 2 * x; }};
}

// Tells what it gets.
caf::behavior collect(caf::event_based_actor*, ramet::queue<std::string> out) {
  return {
      [=](const std::string& text) {
        ramet::queue<std::string>{out}.put(text);
      },
      [=](const ramet::group_event& e) {
        ramet::queue<std::string>{out}.put(
            e.group
            + (e.what == ramet::membership::joined ? " joined" : " left"));
      },
      [](pid_atom) { return static_cast<std::int32_t>(::getpid()); },
  };
}

void use_names(ramet::queue<int> out) {
  auto found = ramet::wait_for_name_for<twice>("doubler", long_enough);
  out.put(ramet::ask(found, 21).get());
  auto own = ramet::actor_system().spawn(make_twice);
  out.put(ramet::register_as("of the child", own));
  out.put(ramet::register_as("doubler", own));
}

void register_here(ramet::queue<int> out, ramet::queue<int> end) {
  auto own = ramet::actor_system().spawn(make_twice);
  out.put(ramet::register_as("here", own));
  end.get();
}

class names_test : public actors_test {};
class groups_test : public actors_test {};

std::string next(ramet::queue<std::string>& from) {
  return from.get_for(long_enough).value_or("nothing came");
}

} // namespace

TEST_F(names_test, a_name_leads_to_the_actor_in_every_process) {
  ramet::node there;
  auto one = there.spawn(make_twice);
  EXPECT_TRUE(ramet::register_as("doubler", one));
  EXPECT_EQ(ramet::whereis<twice>("doubler"), one);
  ramet::queue<int> out;
  ramet::process p{use_names, out};
  EXPECT_EQ(out.get_for(long_enough), 42);
  EXPECT_EQ(out.get_for(long_enough), 1);
  EXPECT_EQ(out.get_for(long_enough), 0);
  p.join();
}

TEST_F(names_test, a_name_has_one_owner_until_it_is_given_up) {
  ramet::node there;
  auto one = there.spawn(make_twice);
  auto two = there.spawn(make_twice);
  EXPECT_TRUE(ramet::register_as("name", one));
  EXPECT_TRUE(ramet::register_as("name", one));
  EXPECT_FALSE(ramet::register_as("name", two));
  EXPECT_TRUE(ramet::unregister("name"));
  EXPECT_FALSE(ramet::unregister("name"));
  EXPECT_FALSE(ramet::whereis<twice>("name"));
  EXPECT_TRUE(ramet::register_as("name", two));
}

TEST_F(names_test, a_killed_process_frees_the_names_of_its_actors) {
  ramet::node there;
  ramet::node other;
  auto one = there.spawn(make_twice);
  EXPECT_TRUE(ramet::register_as("name", one));
  there.kill();
  EXPECT_TRUE(eventually([] { return !ramet::whereis<twice>("name"); }));
  EXPECT_TRUE(ramet::register_as("name", other.spawn(make_twice)));
}

TEST_F(names_test, an_actor_that_ends_frees_its_name) {
  ramet::node there;
  auto one = there.spawn(servant);
  EXPECT_TRUE(ramet::register_as("name", one));
  caf::anon_send(one, quit_atom::value);
  EXPECT_TRUE(eventually([] { return !ramet::whereis("name"); }));
}

TEST_F(names_test, a_handle_of_another_type_is_refused) {
  ramet::node there;
  auto one = there.spawn(make_twice);
  EXPECT_TRUE(ramet::register_as("name", one));
  expect_error(ramet::errc::type_mismatch, {"'name'"},
               [] { ramet::whereis<length>("name"); });
  EXPECT_EQ(ramet::ask<int>(ramet::whereis("name"), 4).get(), 8);
  expect_error(ramet::errc::closed, {"'x'", "empty"},
               [] { ramet::register_as("x", caf::actor{}); });
}

TEST_F(names_test, waiting_for_a_name_ends_when_it_is_there_or_time_is_up) {
  EXPECT_FALSE(ramet::wait_for_name_for<twice>("here", 20ms));
  EXPECT_FALSE(ramet::try_wait_for_name<twice>("here"));
  ramet::queue<int> out;
  ramet::queue<int> end;
  ramet::process p{register_here, out, end};
  auto found = ramet::wait_for_name<twice>("here");
  EXPECT_EQ(ramet::ask(found, 3).get(), 6);
  EXPECT_EQ(out.get_for(long_enough), 1);
  end.put(0);
  p.join();
  EXPECT_TRUE(eventually([] { return !ramet::whereis<twice>("here"); }));
}

TEST_F(names_test, the_name_of_a_supervised_actor_outlives_its_process) {
  ramet::supervisor top;
  auto one = top.spawn({.stop_timeout = 10ms}, servant);
  EXPECT_TRUE(ramet::register_as("name", one));
  auto before = pid_of(one);
  ::kill(before, SIGKILL);
  EXPECT_TRUE(eventually([&] {
    try {
      return pid_of(ramet::whereis("name")) != before;
    } catch (const ramet::actor_error&) {
      return false;
    }
  }));
  EXPECT_TRUE(top.stop_child(one));
  EXPECT_TRUE(eventually([] { return !ramet::whereis("name"); }));
}

TEST_F(groups_test, what_is_sent_to_a_group_reaches_all_members) {
  ramet::queue<std::string> out;
  ramet::node a;
  ramet::node b;
  auto one = a.spawn(collect, out);
  auto two = b.spawn(collect, out);
  ramet::group all{"all"};
  EXPECT_TRUE(all.join(one));
  EXPECT_FALSE(all.join(one));
  EXPECT_TRUE(all.join(two));
  EXPECT_EQ(all.members(), (std::vector<caf::actor>{one, two}));
  EXPECT_EQ(all.send(std::string{"hello"}), 2u);
  EXPECT_EQ(next(out), "hello");
  EXPECT_EQ(next(out), "hello");
  EXPECT_TRUE(all.leave(one));
  EXPECT_FALSE(all.leave(one));
  EXPECT_EQ(all.send(std::string{"you"}), 1u);
  EXPECT_EQ(next(out), "you");
  ramet::broadcast(std::vector<caf::actor>{one, two}, std::string{"both"});
  EXPECT_EQ(next(out), "both");
  EXPECT_EQ(next(out), "both");
}

TEST_F(groups_test, subscribers_hear_of_members_that_come_go_and_die) {
  ramet::queue<std::string> out;
  ramet::node here;
  ramet::node there;
  auto listener = here.spawn(collect, out);
  auto one = there.spawn(servant);
  auto two = there.spawn(servant);
  ramet::group all{"all"};
  EXPECT_TRUE(all.join(one));
  EXPECT_EQ(all.subscribe(listener), std::vector<caf::actor>{one});
  EXPECT_TRUE(all.join(two));
  EXPECT_EQ(next(out), "all joined");
  EXPECT_TRUE(all.leave(one));
  EXPECT_EQ(next(out), "all left");
  there.kill();
  EXPECT_EQ(next(out), "all left");
  EXPECT_TRUE(all.members().empty());
  EXPECT_TRUE(all.unsubscribe(listener));
  EXPECT_FALSE(all.unsubscribe(listener));
}

TEST_F(groups_test, a_member_that_quits_leaves) {
  ramet::queue<std::string> out;
  ramet::node here;
  ramet::node there;
  auto one = there.spawn(servant);
  auto two = there.spawn(servant);
  ramet::group all{"all"};
  EXPECT_TRUE(all.join(one));
  EXPECT_TRUE(all.join(two));
  all.subscribe(here.spawn(collect, out));
  caf::anon_send(one, quit_atom::value);
  EXPECT_EQ(next(out), "all left");
  EXPECT_EQ(all.members(), std::vector<caf::actor>{two});
  EXPECT_FALSE(all.leave(one));
  EXPECT_EQ(pid_of(two), there.pid());
}

// Whether it was subscribed shows only in that it can be unsubscribed.
TEST_F(groups_test, a_subscriber_that_ends_is_none_any_more) {
  ramet::group all{"all"};
  ramet::node here;
  auto dropped = [&](const caf::actor& one) {
    if (!all.unsubscribe(one))
      return true;
    all.subscribe(one);
    return false;
  };
  ramet::node there;
  auto quits = here.spawn(servant);
  auto killed = there.spawn(servant);
  all.subscribe(quits);
  all.subscribe(killed);
  EXPECT_FALSE(dropped(quits));
  EXPECT_FALSE(dropped(killed));
  caf::anon_send(quits, quit_atom::value);
  there.kill();
  EXPECT_TRUE(eventually([&] { return dropped(quits); }));
  EXPECT_TRUE(eventually([&] { return dropped(killed); }));
}
