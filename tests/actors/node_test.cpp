// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "actors_test.hpp"

#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>

#include <functional>
#include <stdexcept>
#include <thread>

namespace ramet_test {

namespace {

struct node_test : actors_test {};

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

counter::behavior_type make_plain_counter(int start) {
  return {[start](add_atom, int x) { return start + x; }};
}

class counting : public counter::base {
public:
  counting(caf::actor_config& config, int start)
      : counter::base(config), value_(start) {}

  counter::behavior_type make_behavior() override {
    return {[this](add_atom, int x) { return value_ += x; }};
  }

private:
  int value_;
};

class named : public caf::event_based_actor {
public:
  named(caf::actor_config& config, std::string name, person who)
      : event_based_actor(config), name_(std::move(name)),
        who_(std::move(who)) {}

  caf::behavior make_behavior() override {
    return {[this](echo_atom) { return name_ + " " + who_.name; },
            [](pid_atom) { return static_cast<std::int32_t>(::getpid()); }};
  }

private:
  std::string name_;
  person who_;
};

class unmakable : public caf::event_based_actor {
public:
  unmakable(caf::actor_config& config, bool dies) : event_based_actor(config) {
    if (dies)
      ::kill(::getpid(), SIGKILL);
    throw std::runtime_error("no such city");
  }
};

// The ways to fail at the start.

counter::behavior_type
make_broken_counter(counter::stateful_pointer<counter_state> self, int) {
  self->state.value = 1;
  throw std::invalid_argument("no such counter");
}

caf::behavior quitter(caf::event_based_actor* self, bool normal) {
  if (normal)
    self->quit();
  else
    self->quit(caf::make_error(caf::sec::bad_function_call));
  return {[](int x) { return x; }};
}

class without_behavior : public caf::event_based_actor {
public:
  without_behavior(caf::actor_config& config, bool own_words)
      : event_based_actor(config) {
    if (own_words)
      set_exception_handler([](std::exception_ptr&) {
        return caf::make_error(caf::sec::bad_function_call);
      });
  }

  caf::behavior make_behavior() override {
    throw std::runtime_error("no such city");
  }
};

// Makes another actor, from within its constructor and before it is run itself.
class with_helper : public caf::event_based_actor {
public:
  explicit with_helper(caf::actor_config& config)
      : event_based_actor(config), helper_(spawn(servant)) {}

  caf::behavior make_behavior() override {
    return {[this](make_atom) { return helper_; }};
  }

private:
  caf::actor helper_;
};

caf::error reason_of_failure(const std::function<void()>& spawn) {
  try {
    spawn();
  } catch (const ramet::actor_error& failure) {
    EXPECT_EQ(failure.code(), ramet::errc::child_failed);
    return failure.reason();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

TEST_F(node_test, makes_a_typed_actor_of_a_function_with_state) {
  ramet::node n{{.name = "counting"}};
  counter c = n.spawn(make_counter, 100);
  EXPECT_EQ(ramet::ask(c, add_atom::value, 5).get(), 105);
  EXPECT_EQ(ramet::ask(c, add_atom::value, 5).get(), 110);
  EXPECT_EQ(n.name(), "counting");
}

TEST_F(node_test, makes_a_typed_actor_of_a_function_without_self) {
  ramet::node n;
  counter c = n.spawn(make_plain_counter, 1);
  EXPECT_EQ(ramet::ask(c, add_atom::value, 5).get(), 6);
}

TEST_F(node_test, makes_an_actor_of_a_class) {
  ramet::node n;
  caf::actor a = n.spawn<named>("first", person{"Ann", 3, {}});
  EXPECT_EQ(ramet::ask<std::string>(a, echo_atom::value).get(), "first Ann");
  EXPECT_EQ(pid_of(a), n.pid());
}

TEST_F(node_test, makes_a_typed_actor_of_a_class) {
  ramet::node n;
  counter c = n.spawn<counting>(100);
  EXPECT_EQ(ramet::ask(c, add_atom::value, 5).get(), 105);
  EXPECT_EQ(ramet::ask(c, add_atom::value, 5).get(), 110);
  EXPECT_NE(c.node(), ramet::actor_system().node());
}

void ask_at_once(counter at_start, ramet::connection up,
                 ramet::queue<counter> more, ramet::queue<int> out) {
  out.put(ramet::ask(at_start, add_atom::value, 1).get());
  auto piped = up.recv<counter>();
  out.put(ramet::ask(piped, add_atom::value, 10).get());
  auto queued = more.get();
  out.put(ramet::ask(queued, add_atom::value, 100).get());
  out.put(piped == at_start && queued == at_start);
  more.put(ramet::actor_system().spawn(make_plain_counter, 5));
  up.recv<int>();
}

TEST_F(node_test, gives_typed_handles_that_travel_by_all_ways) {
  ramet::node n;
  auto c = n.spawn(make_counter, 1000);
  auto [here, there] = ramet::pipe();
  ramet::queue<counter> handles;
  ramet::queue<int> out;
  ramet::process p{ask_at_once, c, std::move(there), handles, out};
  EXPECT_EQ(out.get_for(long_enough), 1001);
  here.send(c);
  EXPECT_EQ(out.get_for(long_enough), 1011);
  handles.put(c);
  EXPECT_EQ(out.get_for(long_enough), 1111);
  EXPECT_EQ(out.get_for(long_enough), 1);
  auto other = handles.get_for(long_enough);
  EXPECT_TRUE(other);
  if (other) {
    EXPECT_EQ(ramet::ask(*other, add_atom::value, 1).get(), 6);
  }
  here.send(1);
  p.join();
}

TEST_F(node_test, makes_an_actor_of_a_lambda) {
  ramet::node n;
  auto a = n.spawn(
      [](caf::event_based_actor*, int base) -> caf::behavior {
        return {[base](int x) { return base * x; }};
      },
      6);
  EXPECT_EQ(ramet::ask<int>(a, 7).get(), 42);
}

TEST_F(node_test, makes_an_actor_with_a_handle_among_the_arguments) {
  ramet::node first;
  ramet::node second;
  ramet::queue<int> seen;
  auto target = first.spawn(servant);
  auto a = second.spawn(
      [](caf::event_based_actor* self, caf::actor to,
         ramet::queue<int> out) -> caf::behavior {
        return {[=](int x) mutable {
          out.put(x);
          return self->delegate(to, pid_atom::value);
        }};
      },
      target, seen);
  EXPECT_EQ(ramet::ask<std::int32_t>(a, 9).get(), first.pid());
  EXPECT_EQ(seen.get(), 9);
}

TEST_F(node_test, says_what_making_an_actor_threw) {
  ramet::node n;
  expect_error(ramet::errc::child_failed, {"no such city"},
               [&] { n.spawn<unmakable>(false); });
  EXPECT_EQ(pid_of(n.spawn(servant)), n.pid()) << "it lives on";
}

TEST_F(node_test, says_what_an_actors_function_threw) {
  ramet::node n{{.name = "atlas"}};
  expect_error(ramet::errc::child_failed,
               {"'atlas'", "ended at once", "std::runtime_error: no such city"},
               [&] {
                 n.spawn([](caf::event_based_actor*) -> caf::behavior {
                   throw std::runtime_error("no such city");
                 });
               });
  expect_error(ramet::errc::child_failed,
               {"std::invalid_argument: no such counter"},
               [&] { n.spawn(make_broken_counter, 1); });
  expect_error(ramet::errc::child_failed, {"no std::exception"}, [&] {
    n.spawn([](caf::event_based_actor*) -> caf::behavior { throw 1; });
  });
  EXPECT_EQ(pid_of(n.spawn(servant)), n.pid()) << "it lives on";
}

TEST_F(node_test, says_what_taking_up_the_behavior_of_a_class_threw) {
  ramet::node n;
  expect_error(ramet::errc::child_failed,
               {"ended at once", "std::runtime_error: no such city"},
               [&] { n.spawn<without_behavior>(false); });
}

TEST_F(node_test, leaves_an_actor_its_own_handler_of_exceptions) {
  ramet::node n;
  EXPECT_EQ(reason_of_failure([&] { n.spawn<without_behavior>(true); }),
            caf::sec::bad_function_call);
}

TEST_F(node_test, says_that_an_actor_has_quit_at_once_with_an_error) {
  ramet::node n;
  EXPECT_EQ(reason_of_failure([&] { n.spawn(quitter, false); }),
            caf::sec::bad_function_call);
}

TEST_F(node_test, gives_a_handle_of_an_actor_that_is_done_at_once) {
  ramet::node n;
  auto quick = n.spawn(quitter, true);
  expect_error(ramet::errc::closed, {"has ended"},
               [&] { ramet::ask<int>(quick, 1).get(); });
  ramet::queue<int> out;
  n.spawn([](caf::event_based_actor*, ramet::queue<int> to) { to.put(1); },
          out);
  EXPECT_EQ(out.get_for(long_enough), 1);
}

TEST_F(node_test, waits_for_the_function_however_long_it_takes) {
  ramet::node n;
  ramet::queue<std::string> told;
  ramet::queue<int> gate;
  std::thread opener{[&] {
    EXPECT_EQ(told.get_for(long_enough), "starts");
    gate.put(1);
  }};
  auto a = n.spawn(
      [](caf::event_based_actor*, ramet::queue<std::string> out,
         ramet::queue<int> in) -> caf::behavior {
        out.put("starts");
        in.get();
        out.put("is ready");
        return {[](int x) { return x; }};
      },
      told, gate);
  EXPECT_EQ(told.try_get(), "is ready");
  opener.join();
  EXPECT_EQ(ramet::ask<int>(a, 5).get(), 5);
}

TEST_F(node_test, does_not_wait_for_what_the_actor_has_told_itself_to_do) {
  ramet::node n;
  ramet::queue<int> gate;
  auto a = n.spawn(
      [](caf::event_based_actor* self, ramet::queue<int> in) -> caf::behavior {
        self->send(self, one_atom::value);
        return {[in](one_atom) mutable { in.get(); }, [](int x) { return x; }};
      },
      gate);
  gate.put(1); // not reached, if it waits
  EXPECT_EQ(ramet::ask<int>(a, 5).get(), 5);
}

TEST_F(node_test, makes_an_actor_that_makes_others_in_its_constructor) {
  ramet::node n;
  auto a = n.spawn<with_helper>();
  auto helper = ramet::ask<caf::actor>(a, make_atom::value).get();
  EXPECT_EQ(pid_of(helper), n.pid());
}

TEST_F(node_test, makes_an_actor_that_blocks) {
  ramet::node n;
  ramet::queue<int> seen;
  auto a = n.spawn(
      [](caf::blocking_actor* self, ramet::queue<int> out) {
        self->receive([&](int x) { out.put(x); });
      },
      seen);
  caf::anon_send(a, 7);
  EXPECT_EQ(seen.get_for(long_enough), 7);
}

TEST_F(node_test, tells_monitors_what_an_actor_threw_later_on) {
  ramet::node n;
  ramet::queue<std::string> told;
  auto a = n.spawn(
      [](caf::event_based_actor* self,
         ramet::queue<std::string> out) -> caf::behavior {
        self->attach_functor([out, self](const caf::error& reason) mutable {
          out.put(self->system().render(reason));
        });
        return {[](int) { throw std::runtime_error("no such city"); }};
      },
      told);
  caf::anon_send(a, 1);
  auto text = told.get_for(long_enough);
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("std::runtime_error: no such city"), std::string::npos)
      << *text;
}

TEST_F(node_test, is_closed_after_it_was_killed) {
  ramet::node n;
  n.spawn(servant);
  n.kill();
  n.join();
  expect_error(ramet::errc::closed, {}, [&] { n.spawn(servant); });
}

TEST_F(node_test, says_closed_when_it_is_killed_while_an_actor_is_made) {
  ramet::node n;
  n.spawn(servant);
  expect_error(ramet::errc::closed, {}, [&] { n.spawn<unmakable>(true); });
}

TEST_F(node_test, says_closed_when_it_is_killed_in_an_actors_function) {
  ramet::node n;
  n.spawn(servant);
  expect_error(ramet::errc::closed, {}, [&] {
    n.spawn([](caf::event_based_actor*) -> caf::behavior {
      ::kill(::getpid(), SIGKILL);
      return {[](int x) { return x; }};
    });
  });
}

TEST_F(node_test, ends_its_actors_when_it_is_stopped) {
  ramet::node n;
  ramet::queue<std::string> told;
  n.spawn(
      [](caf::event_based_actor* self,
         ramet::queue<std::string> out) -> caf::behavior {
        self->attach_functor([out, self](const caf::error& reason) mutable {
          out.put(self->system().render(reason));
        });
        return {[](int) {}};
      },
      told);
  n.stop();
  ASSERT_TRUE(n.join_for(long_enough));
  EXPECT_TRUE(n.status()->success());
  EXPECT_EQ(told.get_for(long_enough), "exit_reason(user_shutdown)");
}

TEST_F(node_test, is_stopped_by_its_destructor) {
  int pid = 0;
  {
    ramet::node n;
    pid = pid_of(n.spawn(servant));
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(node_test, can_be_moved) {
  ramet::node n;
  auto pid = n.pid();
  ramet::node m{std::move(n)};
  EXPECT_EQ(m.pid(), pid);
  EXPECT_EQ(pid_of(m.spawn(servant)), pid);
  m = ramet::node{};
  EXPECT_NE(m.pid(), pid);
  EXPECT_EQ(pid_of(m.spawn(servant)), m.pid());
}

TEST_F(node_test, is_what_any_process_becomes_that_gets_a_handle) {
  ramet::node n;
  auto a = n.spawn(servant);
  ramet::queue<std::int32_t> answers;
  ramet::process p{[](caf::actor one, ramet::queue<std::int32_t> out) {
                     out.put(pid_of(one));
                   },
                   a, answers};
  EXPECT_EQ(answers.get_for(long_enough), n.pid());
  p.join();
}

TEST_F(node_test, is_what_a_process_becomes_that_gives_a_handle_away) {
  ramet::queue<caf::actor> handles;
  ramet::queue<int> finish;
  ramet::process p{[](ramet::queue<caf::actor> out, ramet::queue<int> end) {
                     out.put(ramet::actor_system().spawn(servant));
                     end.get();
                   },
                   handles, finish};
  auto a = handles.get_for(long_enough);
  ASSERT_TRUE(a);
  EXPECT_EQ(pid_of(*a), p.pid());
  finish.put(1);
  p.join();
  expect_error(ramet::errc::closed, {"has ended"}, [&] { pid_of(*a); });
}

TEST_F(node_test, is_the_same_for_handles_that_came_by_different_ways) {
  ramet::node first;
  ramet::node second;
  auto a = first.spawn(servant);
  auto b = second.spawn(servant);
  auto back = ramet::ask<caf::actor>(b, echo_atom::value, a).get();
  EXPECT_EQ(back, a);
  auto [here, there] = ramet::pipe();
  here.send(a);
  EXPECT_EQ(there.recv<caf::actor>(), a);
  auto mine = ramet::actor_system().spawn(servant);
  EXPECT_EQ(ramet::ask<caf::actor>(b, echo_atom::value, mine).get(), mine);
  caf::anon_send_exit(mine, caf::exit_reason::user_shutdown);
}

TEST_F(node_test, names_its_processes_apart_whatever_their_pids) {
  ramet::node first;
  ramet::node second;
  auto a = first.spawn(servant);
  auto b = second.spawn(servant);
  EXPECT_NE(a.node(), b.node());
  EXPECT_NE(a.node(), ramet::actor_system().node());
  EXPECT_EQ(a.node(), first.spawn(servant).node());
}

TEST_F(node_test, runs_as_many_actors_at_a_time_as_it_has_workers) {
  ramet::node n{{.workers = 3}};
  ramet::queue<int> in;
  ramet::queue<int> out;
  auto wait = [](caf::event_based_actor*, ramet::queue<int> from,
                 ramet::queue<int> to) -> caf::behavior {
    return {[=](int x) mutable {
      to.put(x);
      from.get();
    }};
  };
  for (int i = 0; i < 3; ++i)
    caf::anon_send(n.spawn(wait, in, out), i);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(out.get_for(long_enough)) << "only " << i << " run";
  for (int i = 0; i < 3; ++i)
    in.put(i);
}

TEST_F(node_test, reads_its_mailbox_while_all_its_actors_are_busy) {
  ramet::node n{{.workers = 1}};
  ramet::queue<int> in;
  ramet::queue<int> out;
  auto busy = n.spawn(
      [](caf::event_based_actor*, ramet::queue<int> from,
         ramet::queue<int> to) -> caf::behavior {
        return {[=](int x) mutable {
          to.put(x);
          from.get();
        }};
      },
      in, out);
  auto detached = n.spawn([](caf::event_based_actor* self) -> caf::behavior {
    return {[self](make_atom) {
      return caf::actor_cast<caf::actor>(
          self->home_system().spawn<caf::detached>(servant));
    }};
  });
  auto other = ramet::ask<caf::actor>(detached, make_atom::value).get();
  caf::anon_send(busy, 1);
  ASSERT_TRUE(out.get_for(long_enough));
  // Its one worker is in an actor; this one has a thread of its own.
  auto answer = ramet::ask<std::int32_t>(other, pid_atom::value);
  EXPECT_EQ(answer.get_for(long_enough), n.pid());
  in.put(1);
}

TEST_F(node_test, runs_on_while_an_actor_waits_for_an_answer) {
  ramet::node n{{.workers = 1}};
  auto target = n.spawn(servant);
  auto asker = n.spawn(
      [](caf::event_based_actor*, caf::actor to) -> caf::behavior {
        return {[to](int x) {
          return ramet::ask<std::int32_t>(to, echo_atom::value, x).get();
        }};
      },
      target);
  EXPECT_EQ(ramet::ask<int>(asker, 5).get_for(long_enough), 5);
}

} // namespace

} // namespace ramet_test
