// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Processes: their life, names, families, failures, and what they are given.

#include "every_start_method.hpp"

#include "children.hpp"

#include <ramet/connection.hpp>
#include <ramet/error.hpp>
#include <ramet/mutex.hpp>
#include <ramet/pipe.hpp>
#include <ramet/pool.hpp>
#include <ramet/queue.hpp>
#include <ramet/wait.hpp>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <poll.h>
#include <unistd.h>

namespace ramet::test {

namespace {

class process_conformance : public conformance {};
RAMET_BY_EVERY_START_METHOD(process_conformance);

// Waits for a word, or until its parent lets go of the other end.
void wait_for_word(connection pipe) {
  try {
    pipe.recv<int>();
  } catch (const error&) {
  }
}

struct introduction {
  std::string name;
  int pid = 0;
  bool daemon = false;
  int parent_pid = 0;
  std::string parent_name;
  bool parent_runs = false;
  std::size_t children = 0;
};

introduction introduction_of_caller() {
  auto me = this_process();
  auto parent = parent_process();
  return {me.name(),
          me.pid(),
          me.daemon(),
          parent->pid(),
          parent->name(),
          parent->running(),
          active_children().size()};
}

void introduce(queue<introduction> out) {
  out.put(introduction_of_caller());
}

template <class Action>
std::optional<errc> code_of(Action action) {
  try {
    action();
  } catch (const error& refused) {
    return static_cast<errc>(refused.code().value());
  }
  return std::nullopt;
}

// -- life ---------------------------------------------------------------------

TEST_P(process_conformance, runs_the_function_and_ends) {
  queue<introduction> answers;
  auto child = start(introduce, answers);
  auto answer = answers.get();
  EXPECT_EQ(answer.pid, child.pid());
  EXPECT_EQ(answer.pid != ::getpid(), traits().own_process);
  EXPECT_EQ(answer.name, child.name());
  EXPECT_EQ(answer.parent_pid, ::getpid());
  EXPECT_EQ(answer.parent_name, "MainProcess");
  EXPECT_TRUE(answer.parent_runs);
  EXPECT_FALSE(answer.daemon);
  EXPECT_EQ(answer.children, 0U);
  child.join();
  EXPECT_EQ(child.status(), (exit_status{.code = 0, .signal = {}}));
  EXPECT_FALSE(child.exception());
}

TEST_P(process_conformance, runs_until_the_function_returns) {
  auto [here, there] = pipe();
  auto child = start(wait_for_word, std::move(there));
  EXPECT_TRUE(child.running());
  EXPECT_FALSE(child.status());
  EXPECT_FALSE(child.exception());
  EXPECT_FALSE(child.try_join());
  EXPECT_FALSE(child.join_for(0ms));
  EXPECT_FALSE(child.join_for(-1s));
  EXPECT_FALSE(child.join_for(20ms));
  here.send(1);
  EXPECT_TRUE(child.join_for(20s));
  EXPECT_FALSE(child.running());
  EXPECT_TRUE(child.try_join());
  EXPECT_TRUE(child.join_for(-1s));
  child.join();
}

TEST_P(process_conformance, has_a_sentinel_that_is_readable_when_it_has_ended) {
  auto [here, there] = pipe();
  auto child = start(wait_for_word, std::move(there));
  pollfd sentinel{child.sentinel(), POLLIN, 0};
  EXPECT_EQ(::poll(&sentinel, 1, 0), 0);
  EXPECT_TRUE(wait_for(0ms, child).empty());
  here.send(1);
  EXPECT_EQ(::poll(&sentinel, 1, 20'000), 1);
  EXPECT_TRUE(wait(child).contains(child));
  child.join();
  EXPECT_EQ(::poll(&sentinel, 1, 0), 1);
}

TEST_P(process_conformance, cannot_be_closed_while_it_runs) {
  auto [here, there] = pipe();
  auto child = start(wait_for_word, std::move(there));
  EXPECT_EQ(code_of([&] { child.close(); }), errc::protocol);
  here.send(1);
  child.join();
  child.close();
  child.close();
  EXPECT_EQ(code_of([&] { child.join(); }), errc::closed);
  EXPECT_EQ(code_of([&] { child.kill(); }), errc::closed);
}

TEST_P(process_conformance, can_be_many_at_once) {
  queue<int> out;
  std::vector<process> all;
  for (int i = 0; i < 20; ++i)
    all.push_back(start([](int i, queue<int> out) { out.put(i); }, i, out));
  std::set<int> seen;
  for (auto& one : all) {
    one.join();
    EXPECT_TRUE(one.status()->success());
    seen.insert(*out.try_get());
  }
  EXPECT_EQ(seen.size(), 20U);
}

TEST_P(process_conformance, is_collected_though_nobody_joins_it) {
  auto [here, there] = pipe();
  start(wait_for_word, std::move(there));
  EXPECT_EQ(active_children().size(), 1U);
  here.send(1);
  EXPECT_TRUE(eventually([] { return active_children().empty(); }));
}

TEST_P(process_conformance, can_be_joined_by_many_threads) {
  auto [here, there] = pipe();
  auto child = start(wait_for_word, std::move(there));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&child, i] {
      if (i % 2 == 0)
        child.join();
      else
        EXPECT_TRUE(child.join_for(20s));
      EXPECT_TRUE(child.status()->success());
    });
  here.send(1);
  for (auto& thread : threads)
    thread.join();
}

TEST_P(process_conformance, is_ended_from_outside_where_that_can_be) {
  for (auto end : {&process::terminate, &process::kill, &process::interrupt}) {
    auto [here, there] = pipe();
    auto child = start(
        [](connection pipe) {
          pipe.send(1);
          wait_for_word(std::move(pipe));
        },
        std::move(there));
    here.recv<int>();
    if (traits().can_be_ended) {
      (child.*end)();
    } else {
      try {
        (child.*end)();
        ADD_FAILURE() << "nothing was thrown";
      } catch (const error& refused) {
        EXPECT_EQ(refused.code(), errc::protocol);
        std::string text = refused.what();
        EXPECT_NE(text.find(child.name()), text.npos) << text;
        EXPECT_NE(text.find("thread"), text.npos) << text;
      }
      EXPECT_TRUE(child.running());
      here.close();
    }
    child.join();
    EXPECT_EQ(child.status()->signal.has_value(), traits().can_be_ended);
    (child.*end)(); // it has ended: nothing happens
  }
}

// -- names and families -------------------------------------------------------

TEST_P(process_conformance, takes_name_and_daemon_from_its_options) {
  queue<introduction> answers;
  process child{{.name = "worker-1", .daemon = true, .start = method()},
                introduce,
                answers};
  EXPECT_EQ(child.name(), "worker-1");
  EXPECT_TRUE(child.daemon());
  auto answer = answers.get();
  EXPECT_EQ(answer.name, "worker-1");
  EXPECT_TRUE(answer.daemon);
  child.join();
}

void introduce_children(queue<introduction> out, start_method method) {
  process{{.start = method}, introduce, out}.join();
  process{{.daemon = false, .start = method}, introduce, out}.join();
  out.put(introduction_of_caller());
}

TEST_P(process_conformance, names_children_after_their_parents) {
  for (auto of_children : methods_of_children()) {
    queue<introduction> answers;
    process child{{.daemon = true, .start = method()},
                  introduce_children,
                  answers,
                  of_children};
    EXPECT_EQ(child.name().find("Process-"), 0U);
    child.join();
    auto first = answers.get();
    EXPECT_EQ(first.name, child.name() + ":1");
    EXPECT_EQ(first.parent_name, child.name());
    EXPECT_EQ(first.parent_pid, child.pid());
    EXPECT_EQ(first.pid != first.parent_pid,
              traits_of(of_children).own_process);
    EXPECT_TRUE(first.parent_runs);
    EXPECT_TRUE(first.daemon);
    auto second = answers.get();
    EXPECT_EQ(second.name, child.name() + ":2");
    EXPECT_FALSE(second.daemon);
    auto itself = answers.get();
    EXPECT_EQ(itself.name, child.name()); // having had children
    EXPECT_EQ(itself.parent_name, "MainProcess");
  }
}

TEST_P(process_conformance, lists_its_own_children_and_no_others) {
  auto [here, there] = pipe();
  queue<std::size_t> counts;
  auto child = start(
      [](connection pipe, queue<std::size_t> counts, start_method method) {
        counts.put(active_children().size());
        auto [mine, its] = ramet::pipe();
        process below{{.start = method}, wait_for_word, std::move(its)};
        counts.put(active_children().size());
        pipe.recv<int>();
        mine.send(1);
        below.join();
        counts.put(active_children().size());
      },
      std::move(there), counts, method());
  EXPECT_EQ(counts.get(), 0U);
  EXPECT_EQ(counts.get(), 1U);
  auto listed = active_children();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].name(), child.name());
  here.send(1);
  listed[0].join();
  EXPECT_EQ(counts.get(), 0U);
  EXPECT_TRUE(active_children().empty());
}

void grow(int depth, queue<int> out, start_method method) {
  out.put(depth);
  if (depth == 0)
    return;
  process left{{.start = method}, grow, depth - 1, out, method};
  process right{{.start = method}, grow, depth - 1, out, method};
  left.join();
  right.join();
}

TEST_P(process_conformance, makes_trees) {
  queue<int> nodes;
  auto root = start(grow, 2, nodes, method());
  root.join();
  EXPECT_TRUE(root.status()->success());
  std::multiset<int> seen;
  while (auto node = nodes.try_get())
    seen.insert(*node);
  EXPECT_EQ(seen, (std::multiset<int>{2, 1, 1, 0, 0, 0, 0}));
}

TEST_P(process_conformance, ends_after_the_children_that_it_waits_for) {
  for (auto of_children : methods_of_children()) {
    queue<int> done;
    auto [here, there] = pipe();
    auto child = start(
        [](connection pipe, queue<int> out, start_method method) {
          process{{.start = method},
                  [](connection pipe, queue<int> out) {
                    wait_for_word(std::move(pipe));
                    out.put(1);
                  },
                  std::move(pipe),
                  out};
        },
        std::move(there), done, of_children);
    EXPECT_FALSE(child.join_for(50ms));
    here.send(1);
    child.join();
    EXPECT_EQ(done.try_get(), 1);
  }
}

TEST_P(process_conformance, ends_its_daemons_with_itself) {
  for (auto of_children : methods_of_children()) {
    auto [here, there] = pipe();
    auto child = start(
        [](connection pipe, start_method method) {
          process{{.daemon = true, .start = method},
                  wait_for_word,
                  std::move(pipe)};
        },
        std::move(there), of_children);
    EXPECT_TRUE(child.join_for(20s));
    if (traits().own_process || traits_of(of_children).can_be_ended)
      EXPECT_EQ(code_of([&] { here.recv<int>(); }), errc::closed);
    else
      here.send(1); // it has gone on: nothing can end it
  }
  EXPECT_TRUE(
      eventually([] { return detail::children::mine().all().empty(); }));
}

TEST_P(process_conformance, has_a_default_start_method_of_its_own) {
  queue<start_method> seen;
  auto child = start(
      [](queue<start_method> seen) {
        seen.put(default_start_method());
        set_default_start_method(start_method::thread);
        seen.put(default_start_method());
      },
      seen);
  child.join();
  EXPECT_EQ(seen.get(), traits().begins_anew ? start_method::spawn : method());
  EXPECT_EQ(seen.get(), start_method::thread);
  EXPECT_EQ(default_start_method(), method());
}

// -- failures -----------------------------------------------------------------

struct no_such_city : std::out_of_range {
  using std::out_of_range::out_of_range;
};

void look_up(const std::string& city) {
  throw no_such_city{"no such city: " + city};
}

TEST_P(process_conformance, tells_what_exception_ended_it) {
  testing::internal::CaptureStderr();
  process child{{.name = "atlas", .start = method()}, look_up, "Atlantis"};
  child.join();
  auto printed = testing::internal::GetCapturedStderr();
  EXPECT_EQ(child.status()->code, 1);
  auto thrown = child.exception();
  ASSERT_TRUE(thrown);
  EXPECT_NE(thrown->type.find("no_such_city"), thrown->type.npos);
  EXPECT_EQ(thrown->message, "no such city: Atlantis");
  EXPECT_EQ(thrown->name, "atlas");
  EXPECT_EQ(thrown->pid, child.pid());
  EXPECT_NE(thrown->backtrace.find("look_up"), thrown->backtrace.npos)
      << thrown->backtrace;
  EXPECT_TRUE(thrown->is<no_such_city>());
  EXPECT_TRUE(thrown->is<std::logic_error>());
  EXPECT_FALSE(thrown->is<std::runtime_error>());
  EXPECT_NE(printed.find("process 'atlas' (pid " + std::to_string(child.pid())
                         + ") ended by an uncaught "),
            printed.npos)
      << printed;
  EXPECT_NE(printed.find("no such city: Atlantis"), printed.npos);
}

struct unreadable {
  int value = 0;
  template <class Inspector>
  friend bool inspect(Inspector& f, unreadable& x) {
    if constexpr (Inspector::is_loading)
      throw std::domain_error{"cannot be read"};
    return f.object(x).fields(f.field("value", x.value));
  }
};

TEST_P(process_conformance, tells_that_it_could_not_read_its_arguments) {
  testing::internal::CaptureStderr();
  auto child = start([](unreadable) {}, unreadable{});
  child.join();
  auto printed = testing::internal::GetCapturedStderr();
  EXPECT_EQ(child.status()->code, 1);
  ASSERT_TRUE(child.exception());
  EXPECT_NE(child.exception()->message.find("cannot be read"),
            std::string::npos)
      << child.exception()->message;
  EXPECT_NE(printed.find("could not begin"), printed.npos) << printed;
}

struct unwritable {
  int value = 0;
  template <class Inspector>
  friend bool inspect(Inspector& f, unwritable& x) {
    if constexpr (!Inspector::is_loading)
      throw std::domain_error{"cannot be written"};
    return f.object(x).fields(f.field("value", x.value));
  }
};

TEST_P(process_conformance, is_not_there_when_its_arguments_cannot_be_written) {
  EXPECT_THROW(start([](unwritable) {}, unwritable{}), std::domain_error);
  EXPECT_TRUE(active_children().empty());
}

TEST_P(process_conformance, survives_the_exception_of_another) {
  testing::internal::CaptureStderr();
  auto [here, there] = pipe();
  auto good = start(wait_for_word, std::move(there));
  auto bad = start(look_up, "Ys");
  bad.join();
  EXPECT_TRUE(good.running());
  here.send(1);
  good.join();
  EXPECT_TRUE(good.status()->success());
  testing::internal::GetCapturedStderr();
}

// -- what it is given ---------------------------------------------------------

struct person {
  std::string name;
  std::map<std::string, std::vector<int>> scores;
  std::optional<double> weight;
};

struct greeter {
  std::string word;
  queue<std::string> out;
  void operator()(const person& who, std::string_view mark) const {
    out_put(word + ", " + who.name + std::string{mark});
  }
  void out_put(std::string text) const { queue<std::string>{out}.put(text); }
};

TEST_P(process_conformance, gets_converted_copies_of_its_arguments) {
  queue<std::string> out;
  person someone{"Ada", {{"chess", {1, 2}}}, 1.5};
  auto child = start(greeter{"hello", out}, someone, "!");
  EXPECT_EQ(out.get(), "hello, Ada!");
  child.join();
  auto second = start(
      [](person who, std::int64_t more, queue<std::string> out) {
        who.scores["chess"].push_back(static_cast<int>(more));
        out.put(std::to_string(who.scores["chess"].size()));
      },
      someone, short{3}, out);
  EXPECT_EQ(out.get(), "3");
  EXPECT_EQ(someone.scores["chess"].size(), 2U);
  second.join();
}

int shared_by_threads_only = 0;

TEST_P(process_conformance, shares_variables_only_when_it_is_no_process) {
  start([] { shared_by_threads_only = 1; }).join();
  EXPECT_EQ(shared_by_threads_only, traits().own_process ? 0 : 1);
  shared_by_threads_only = 0;
}

TEST_P(process_conformance, exits_alone_when_it_is_a_process) {
  if (!traits().own_process)
    return; // it ends the program: see thread_end_test
  auto child = start([](int code) { std::exit(code); }, 8);
  child.join();
  EXPECT_EQ(child.status()->code, 8);
}

void watch_parent_end(queue<std::string> out) {
  auto parent = parent_process();
  out.put(parent->running() ? "alive" : "ended");
  wait(*parent);
  out.put(parent->running() ? "alive" : "ended");
}

TEST_P(process_conformance, is_seen_to_end_by_a_child_that_it_detached) {
  queue<std::string> words;
  auto [here, there] = pipe();
  auto child = start(
      [](connection pipe, queue<std::string> words, start_method method) {
        process below{{.start = method}, watch_parent_end, words};
        below.detach();
        wait_for_word(std::move(pipe));
      },
      std::move(there), words, method());
  EXPECT_EQ(words.get(), "alive");
  here.send(1);
  child.join();
  EXPECT_EQ(words.get_for(20s), "ended");
}

int is_blocked(int signal) {
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return ::sigismember(&mask, signal);
}

// The signal mask that it began with, though these have all blocked.
TEST_P(process_conformance, has_threads_whose_children_have_its_signal_mask) {
  if (!traits().own_process)
    return;                 // there is one mask for all threads of the library
  start(do_nothing).join(); // a zygote has another mask
  sigset_t one;
  sigset_t before;
  ::sigemptyset(&one);
  ::sigaddset(&one, SIGUSR2);
  ::pthread_sigmask(SIG_BLOCK, &one, &before);
  auto child = start([] {
    int wrong = 0;
    for (auto workers : {start_method::spawn, start_method::forkserver}) {
      pool one{{.workers = 1, .max_tasks_per_worker = 1, .start = workers}};
      one.apply(do_nothing); // others are started by a thread of the pool
      wrong += one.apply(is_blocked, SIGUSR1) == 1;
      wrong += one.apply(is_blocked, SIGUSR2) == 0;
    }
    std::exit(wrong);
  });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  child.join();
  EXPECT_EQ(child.status()->code, 0);
}

TEST_P(process_conformance, shows_its_name_to_the_system_if_it_is_a_thread) {
  if (traits().own_process)
    return; // that has its program's
  queue<std::string> out;
  process child{{.name = "counts-the-words-of-it", .start = method()},
                [](queue<std::string> out) {
                  std::string name(16, '\0');
                  ::pthread_getname_np(::pthread_self(), name.data(),
                                       name.size());
                  out.put(name.c_str());
                },
                out};
  EXPECT_EQ(out.get(), "counts-the-word");
  child.join();
}

TEST_P(process_conformance, releases_what_it_held_before_join_returns) {
  auto [here, there] = pipe();
  mutex lock;
  auto child = start(
      [](connection pipe, mutex lock) {
        lock.lock(); // and never unlocks it
        pipe.send(7);
      },
      std::move(there), lock);
  EXPECT_EQ(here.recv<int>(), 7);
  child.join();
  EXPECT_EQ(code_of([&] { here.recv<int>(); }), errc::closed);
  // At once: it is not that the lock waits for its owner's end.
  EXPECT_EQ(code_of([&] { lock.try_lock(); }), errc::owner_died);
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

TEST_P(process_conformance, can_be_started_by_many_threads_at_once) {
  if (!traits().beside_threads)
    return; // refused: see fork_test
  std::vector<std::thread> threads;
  std::atomic<int> ended{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round) {
        process child{{.start = method()}, do_nothing};
        child.join();
        if (child.status()->success())
          ++ended;
      }
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(ended.load(), 20);
}

} // namespace

} // namespace ramet::test
