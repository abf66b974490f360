// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "process_fixture.hpp"

#include <ramet/error.hpp>
#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>
#include <ramet/wait.hpp>

#include <array>
#include <csignal>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace ramet::test {

namespace {

using process_test = process_fixture;

// Waits until its parent lets go of the other end, or for ever.
void wait_for_word(connection pipe) {
  try {
    pipe.recv<int>();
  } catch (const error&) {
  }
}

void sleep_for_ever() {
  for (;;)
    ::pause();
}

void exit_with(int code) {
  std::exit(code);
}

struct introduction {
  std::string name;
  int pid = 0;
  bool daemon = false;
  int parent_pid = 0;
  std::string parent_name;
};

void introduce(queue<introduction> out) {
  auto me = this_process();
  auto parent = parent_process();
  out.put({me.name(), me.pid(), me.daemon(), parent->pid(), parent->name()});
}

TEST_F(process_test, runs_the_function_in_another_process) {
  queue<introduction> answers;
  process child{introduce, answers};
  auto answer = answers.get();
  EXPECT_EQ(answer.pid, child.pid());
  EXPECT_NE(answer.pid, ::getpid());
  EXPECT_EQ(answer.parent_pid, ::getpid());
  EXPECT_EQ(answer.parent_name, "MainProcess");
  EXPECT_FALSE(answer.daemon);
  child.join();
  EXPECT_EQ(child.status(), (exit_status{.code = 0, .signal = {}}));
  EXPECT_TRUE(child.status()->success());
  EXPECT_EQ(to_string(*child.status()), "exited with 0");
  EXPECT_FALSE(child.exception());
}

TEST_F(process_test, is_called_main_process_in_the_root) {
  EXPECT_EQ(this_process().name(), "MainProcess");
  EXPECT_EQ(this_process().pid(), ::getpid());
  EXPECT_FALSE(this_process().daemon());
  EXPECT_FALSE(parent_process());
}

void introduce_a_child(queue<introduction> out) {
  process{introduce, out}.join();
  process{{.daemon = false}, introduce, out}.join();
}

TEST_F(process_test, is_named_and_made_daemon_after_its_parent_by_default) {
  queue<introduction> answers;
  process child{{.daemon = true}, introduce_a_child, answers};
  EXPECT_EQ(child.name().find("Process-"), 0U);
  child.join();
  auto first = answers.get();
  EXPECT_EQ(first.name, child.name() + ":1");
  EXPECT_EQ(first.parent_name, child.name());
  EXPECT_TRUE(first.daemon);
  auto second = answers.get();
  EXPECT_EQ(second.name, child.name() + ":2");
  EXPECT_FALSE(second.daemon);
}

TEST_F(process_test, has_the_code_given_to_exit) {
  process child{exit_with, 8};
  child.join();
  EXPECT_EQ(child.status()->code, 8);
  EXPECT_FALSE(child.status()->signal);
  EXPECT_FALSE(child.status()->success());
  EXPECT_EQ(to_string(*child.status()), "exited with 8");
  EXPECT_FALSE(child.exception());
}

int return_three() {
  return 3;
}

TEST_F(process_test, ignores_what_the_function_returns) {
  process child{return_three};
  child.join();
  EXPECT_TRUE(child.status()->success());
}

TEST_F(process_test, is_terminated_killed_and_interrupted_by_signals) {
  auto ended_by = [](auto end) {
    queue<int> ready;
    process child{[](queue<int> out) {
                    out.put(1);
                    sleep_for_ever();
                  },
                  ready};
    ready.get();
    end(child);
    child.join();
    EXPECT_FALSE(child.status()->code);
    EXPECT_FALSE(child.exception());
    end(child); // it has ended: nothing happens
    return *child.status();
  };
  auto terminated = ended_by([](process& p) { p.terminate(); });
  EXPECT_EQ(terminated.signal, SIGTERM);
  auto killed = ended_by([](process& p) { p.kill(); });
  EXPECT_EQ(killed.signal, SIGKILL);
  EXPECT_EQ(to_string(killed), "killed by SIGKILL (9)");
  auto interrupted = ended_by([](process& p) { p.interrupt(); });
  EXPECT_EQ(interrupted.signal, SIGINT);
}

TEST_F(process_test, can_be_killed_before_its_main_has_begun) {
  process child{sleep_for_ever};
  child.kill();
  child.join();
  EXPECT_EQ(child.status()->signal, SIGKILL);
  EXPECT_FALSE(child.exception());
}

TEST_F(process_test, is_listed_while_it_lives) {
  EXPECT_TRUE(active_children().empty());
  auto [here, there] = pipe();
  int pid = process{wait_for_word, std::move(there)}.pid();
  auto listed = active_children();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].pid(), pid);
  here.send(1);
  listed[0].join();
  EXPECT_TRUE(active_children().empty());
}

void grow(int depth, queue<int> out) {
  out.put(depth);
  if (depth == 0)
    return;
  process left{grow, depth - 1, out};
  process right{grow, depth - 1, out};
  left.join();
  right.join();
}

TEST_F(process_test, makes_trees_of_processes) {
  queue<int> nodes;
  process root{grow, 2, nodes};
  root.join();
  EXPECT_TRUE(root.status()->success());
  std::multiset<int> seen;
  while (auto node = nodes.try_get())
    seen.insert(*node);
  EXPECT_EQ(seen, (std::multiset<int>{2, 1, 1, 0, 0, 0, 0}));
}

TEST_F(process_test, says_closed_when_it_was_moved_from) {
  process first{do_nothing};
  process second{std::move(first)};
  second.join();
  // NOLINTBEGIN(bugprone-use-after-move): the point of the test
  auto says_closed = [&](auto use) {
    try {
      use(first);
      return false;
    } catch (const error& refused) {
      return refused.code() == errc::closed;
    }
  };
  EXPECT_TRUE(says_closed([](process& p) { p.pid(); }));
  EXPECT_TRUE(says_closed([](process& p) { p.running(); }));
  EXPECT_TRUE(says_closed([](process& p) { p.status(); }));
  EXPECT_TRUE(says_closed([](process& p) { p.kill(); }));
  EXPECT_TRUE(says_closed([](process& p) { p.sentinel(); }));
  EXPECT_TRUE(says_closed([](process& p) { wait_for(0s, p); }));
  // NOLINTEND(bugprone-use-after-move)
}

TEST_F(process_test, can_be_many_at_once) {
  std::vector<process> all;
  for (int i = 0; i < 40; ++i)
    all.emplace_back(exit_with, i);
  for (int i = 0; i < 40; ++i) {
    all[static_cast<std::size_t>(i)].join();
    EXPECT_EQ(all[static_cast<std::size_t>(i)].status()->code, i);
  }
}

TEST_F(process_test, is_collected_though_nobody_joins_it) {
  auto [here, there] = pipe();
  process child{wait_for_word, std::move(there)};
  int pid = child.pid();
  here.send(1);
  EXPECT_TRUE(eventually([&] { return ::kill(pid, 0) != 0; }));
  EXPECT_EQ(child.status()->code, 0);
}

TEST_F(process_test, starts_while_other_threads_start_some_too) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      for (int round = 0; round < 10; ++round) {
        process child{exit_with, round};
        child.join();
        EXPECT_EQ(child.status()->code, round);
      }
    });
  for (auto& thread : threads)
    thread.join();
}

void report_descriptors(queue<std::size_t> out) {
  out.put(count_files("/proc/self/fd"));
}

TEST_F(process_test, gets_equally_few_descriptors_in_every_generation) {
  queue<std::size_t> counts;
  process{report_descriptors, counts}.join();
  auto first = counts.get();
  std::vector<process> idle;
  std::vector<connection> ends;
  for (int i = 0; i < 5; ++i) {
    auto [here, there] = pipe();
    idle.emplace_back(wait_for_word, std::move(there));
    ends.push_back(std::move(here));
  }
  process{report_descriptors, counts}.join();
  EXPECT_EQ(counts.get(), first);
  ends.clear();
  for (auto& one : idle)
    one.join();
}

void leave_a_child_behind(connection pipe, queue<int> out) {
  process{[](connection pipe, queue<int> out) {
            wait_for_word(std::move(pipe));
            out.put(1);
          },
          std::move(pipe), out};
}

TEST_F(process_test, ends_after_its_own_children) {
  queue<int> done;
  auto [here, there] = pipe();
  process child{leave_a_child_behind, std::move(there), done};
  EXPECT_FALSE(child.join_for(50ms));
  here.send(1);
  child.join();
  EXPECT_EQ(done.try_get(), 1);
}

TEST_F(process_test, flushes_what_it_has_printed) {
  std::array<int, 2> ends;
  ASSERT_EQ(::pipe(ends.data()), 0);
  int before = ::dup(STDOUT_FILENO);
  std::fflush(stdout);
  ::dup2(ends[1], STDOUT_FILENO);
  process child{[] { std::fputs("printed", stdout); }};
  child.join();
  ::dup2(before, STDOUT_FILENO);
  ::close(before);
  ::close(ends[1]);
  std::array<char, 64> text;
  auto size = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  EXPECT_EQ(std::string(text.data(), static_cast<std::size_t>(size)),
            "printed");
}

void watch_parent_end(connection to_root, queue<std::string> out) {
  auto parent = parent_process();
  out.put(parent->running() ? "alive" : "dead");
  to_root.send(1);
  wait(*parent);
  out.put(parent->running() ? "alive" : "dead");
}

void start_detached(connection pipe, queue<std::string> out) {
  process child{{.name = "grandchild"}, watch_parent_end, std::move(pipe), out};
  child.detach();
  out.put("detached");
  sleep_for_ever();
}

TEST_F(process_test, sees_its_parent_alive_and_then_dead) {
  queue<std::string> words;
  auto [here, there] = pipe();
  process child{start_detached, std::move(there), words};
  here.recv<int>();
  std::set<std::string> before{words.get(), words.get()};
  EXPECT_EQ(before, (std::set<std::string>{"alive", "detached"}));
  child.kill();
  child.join();
  EXPECT_EQ(words.get_for(20s), "dead");
  EXPECT_THROW(here.recv<int>(), error); // closed: settled by us, in its turn
}

TEST_F(process_test, releases_what_it_held_before_join_returns) {
  auto [here, there] = pipe();
  process child{[](connection pipe) {
                  pipe.send(7);
                  sleep_for_ever();
                },
                std::move(there)};
  EXPECT_EQ(here.recv<int>(), 7);
  child.kill();
  child.join();
  EXPECT_TRUE(here.poll());
  try {
    here.recv<int>();
    FAIL() << "received from the dead";
  } catch (const error& problem) {
    EXPECT_EQ(problem.code(), errc::closed);
  }
}

TEST_F(process_test, allows_one_runtime_only) {
  try {
    char* none = nullptr;
    runtime second{0, &none};
    FAIL() << "a second runtime";
  } catch (const error& refused) {
    EXPECT_EQ(refused.code(), errc::protocol);
  }
}

TEST_F(process_test, refuses_what_is_no_start_method) {
  auto method = static_cast<start_method>(77);
  EXPECT_THROW((process{{.start = method}, do_nothing}), error);
  EXPECT_THROW(set_default_start_method(method), error);
  set_default_start_method(start_method::spawn);
  EXPECT_EQ(default_start_method(), start_method::spawn);
  process child{{.start = start_method::spawn}, do_nothing};
  child.join();
}

} // namespace

} // namespace ramet::test
