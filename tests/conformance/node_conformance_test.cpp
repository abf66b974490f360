// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Nodes, names, managers and supervisors.

#include "../actors/actors_test.hpp"
#include "../actors/at_rest.hpp"
#include "every_start_method.hpp"

#include <ramet/connection.hpp>
#include <ramet/manager.hpp>
#include <ramet/names.hpp>
#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>
#include <ramet/supervisor.hpp>

#include <string>
#include <utility>

namespace ramet_test {

namespace {

using ramet::start_method;
using ramet::test::start_method_traits;
using ramet::test::start_methods_with;
using ramet::test::traits_of;

using add_atom = caf::atom_constant<caf::atom("add")>;
using counter = caf::typed_actor<caf::replies_to<add_atom, int>::with<int>>;

struct counter_state {
  int value = 0;
};

counter::behavior_type
make_counter(counter::stateful_pointer<counter_state> self, int start) {
  self->state.value = start;
  return {[self](add_atom, int x) { return self->state.value += x; }};
}

counter::behavior_type make_unlucky(counter::pointer, int) {
  throw std::invalid_argument{"no such counter"};
}

caf::behavior make_sender(caf::event_based_actor*, ramet::connection to) {
  auto end = std::make_shared<ramet::connection>(std::move(to));
  return {[end](int x) { end->send(x); }};
}

class node_conformance : public testing::TestWithParam<start_method> {
protected:
  void SetUp() override {
    set_default_start_method(method());
    { // what is made once and kept, is made now
      ramet::node first;
      ramet::ask(first.spawn(make_counter, 1), add_atom::value, 1).get();
    }
    ramet::whereis<caf::actor>("nobody");
    ramet::detail::zygote::mine().end(); // which may come and go
    if (own_process()) { // else its remains are this process's own
      ASSERT_TRUE(eventually(is_at_rest));
    }
    descriptors_ = open_descriptors();
    files_ = family_files();
  }
  void TearDown() override {
    EXPECT_TRUE(ramet::active_children().empty());
    ramet::detail::zygote::mine().end();
    EXPECT_TRUE(eventually([&] { return family_files() == files_; }));
    EXPECT_TRUE(eventually([&] { return open_descriptors() == descriptors_; }));
    set_default_start_method(start_method::spawn);
  }
  static start_method method() { return GetParam(); }
  static bool own_process() { return traits_of(GetParam()).own_process; }

private:
  std::set<std::string> files_;
  std::size_t descriptors_ = 0;
};
RAMET_BY_START_METHODS_WITH(node_conformance, beside_threads);

TEST_P(node_conformance, host_actors_that_answer) {
  ramet::node n{{.name = "counting"}};
  EXPECT_EQ(n.name(), "counting");
  EXPECT_EQ(n.pid() != ::getpid(), own_process());
  auto first = n.spawn(make_counter, 100);
  auto second = n.spawn(make_counter, 0);
  EXPECT_EQ(ramet::ask(first, add_atom::value, 5).get(), 105);
  EXPECT_EQ(ramet::ask(second, add_atom::value, 7).get(), 7);
  EXPECT_EQ(ramet::ask(first, add_atom::value, 1).get(), 106);
}

TEST_P(node_conformance, tell_what_was_thrown_at_the_start) {
  ramet::node n;
  try {
    n.spawn(make_unlucky, 1);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const ramet::actor_error& failure) {
    EXPECT_EQ(failure.code(), ramet::errc::child_failed);
  }
  EXPECT_EQ(ramet::ask(n.spawn(make_counter, 1), add_atom::value, 1).get(), 2);
}

TEST_P(node_conformance, give_handles_to_actors) {
  ramet::node n;
  auto [here, there] = ramet::pipe();
  auto sender = n.spawn(make_sender, std::move(there));
  caf::anon_send(sender, 7);
  EXPECT_EQ(here.recv<int>(), 7);
  caf::anon_send_exit(sender, caf::exit_reason::user_shutdown);
  EXPECT_THROW(here.recv<int>(), ramet::error); // closed with its actor
}

TEST_P(node_conformance, stop_and_take_their_actors_along) {
  ramet::node n;
  ramet::node other;
  auto ending = n.spawn(servant);
  auto staying = other.spawn(servant);
  caf::scoped_actor self{ramet::actor_system()};
  self->monitor(ending);
  n.stop();
  EXPECT_TRUE(n.join_for(long_enough));
  EXPECT_TRUE(n.status()->success());
  bool told = false;
  self->receive([&](const caf::down_msg& down) {
    told = down.source == ending.address();
  });
  EXPECT_TRUE(told);
  EXPECT_TRUE(comes_to_refuse(ending));
  EXPECT_EQ(pid_of(staying) != ::getpid(), own_process());
  EXPECT_THROW(n.spawn(make_counter, 1), ramet::error);
}

TEST_P(node_conformance, have_actors_that_are_found_by_name) {
  ramet::node n;
  auto made = n.spawn(make_counter, 10);
  ramet::register_as("the counter", made);
  auto found = ramet::whereis<counter>("the counter");
  ASSERT_TRUE(found);
  EXPECT_EQ(ramet::ask(found, add_atom::value, 1).get(), 11);
  ramet::process child{[] {
    auto found = ramet::whereis<counter>("the counter");
    if (ramet::ask(found, add_atom::value, 1).get() != 12)
      throw std::logic_error{"another counter"};
  }};
  child.join();
  EXPECT_TRUE(child.status()->success());
  EXPECT_EQ(ramet::ask(found, add_atom::value, 0).get(), 12);
  caf::anon_send_exit(made, caf::exit_reason::user_shutdown);
  EXPECT_TRUE(
      eventually([] { return !ramet::whereis<counter>("the counter"); }));
}

TEST_P(node_conformance, manage_objects) {
  ramet::manager m;
  auto d = m.dict<std::string, int>();
  d.set("a", 1);
  auto child = ramet::process{[](ramet::managed_dict<std::string, int> d) {
                                d.update("a", [](int& v) { ++v; });
                              },
                              d};
  child.join();
  EXPECT_TRUE(child.status()->success());
  EXPECT_EQ(d.at("a"), 2);
  {
    auto l = m.list<int>();
    l.push_back(3);
    EXPECT_EQ(m.object_count(), 2U);
  }
  EXPECT_TRUE(eventually([&] { return m.object_count() == 1; }));
}

TEST_P(node_conformance, are_supervised) {
  ramet::supervisor top;
  auto stable = top.spawn(servant);
  EXPECT_EQ(pid_of(stable) != ::getpid(), own_process());
  caf::anon_send_exit(stable, caf::exit_reason::kill);
  EXPECT_TRUE(eventually([&] {
    try {
      return pid_of(stable) != 0;
    } catch (const ramet::error&) {
      return false;
    }
  }));
}

} // namespace

} // namespace ramet_test
