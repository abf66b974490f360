// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Pools when workers die, tasks take too long, and values cannot travel.

#include "pidfd_linux.hpp"
#include "pool_fixture.hpp"

#include <ramet/mutex.hpp>
#include <ramet/pipe.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <stdexcept>
#include <thread>

#include <sys/resource.h>

namespace ramet::test {

namespace {

class pool_death : public pool_fixture {};

TEST_F(pool_death, concerns_the_one_task_that_the_worker_had) {
  pool workers{{.workers = 2, .name = "mill"}};
  queue<int> dead;
  std::map<int, std::string> names;
  for (auto& one : workers.stats().workers)
    names[one.pid] = one.name;
  std::vector<future<int>> all;
  for (int i = 0; i < 8; ++i)
    all.push_back(workers.submit(
        [](queue<int> dead, int i) {
          if (i == 3)
            dead.put(::getpid());
          return die_at(3, i);
        },
        dead, i));
  for (int i = 0; i < 8; ++i) {
    if (i != 3) {
      EXPECT_EQ(all[i].get(), i);
      continue;
    }
    auto failure = task_failure_of([&] { return all[i].get(); });
    ASSERT_TRUE(failure && failure->status());
    EXPECT_EQ(failure->status()->signal, SIGKILL);
    auto pid = dead.get();
    for (auto& part : {std::string{"pool 'mill'"}, std::string{"SIGKILL"},
                       "(pid " + std::to_string(pid) + ")",
                       "worker '" + names[pid] + "'", std::string{"task 4,"}})
      EXPECT_TRUE(says(*failure, part)) << part << " in " << failure->what();
  }
  EXPECT_EQ(workers.map(twice, std::vector{1, 2, 3}), (std::vector{2, 4, 6}));
  EXPECT_TRUE(eventually([&] { return pids_of(workers).size() == 2; }));
  EXPECT_EQ(restarts_of(workers), 1U);
  EXPECT_EQ(workers.stats().retried, 0U);
}

TEST_F(pool_death, is_told_for_exit_as_well) {
  pool workers{1};
  auto failure = task_failure_of([&] {
    return workers.apply([](int code) -> int { std::exit(code); }, 3);
  });
  ASSERT_TRUE(failure && failure->status());
  EXPECT_EQ(failure->status()->code, 3);
  EXPECT_TRUE(says(*failure, "exited with 3")) << failure->what();
  EXPECT_EQ(workers.apply(twice, 1), 2);
}

TEST_F(pool_death, of_an_idle_worker_concerns_no_task) {
  pool workers{1};
  auto pid = workers.apply(pid_of_worker);
  ::kill(pid, SIGKILL);
  EXPECT_TRUE(eventually([&] { return restarts_of(workers) == 1; }));
  EXPECT_NE(workers.apply(pid_of_worker), pid);
  auto last = workers.stats().workers.at(0).last_end;
  ASSERT_TRUE(last);
  EXPECT_EQ(last->signal, SIGKILL);
}

// The threads of the library block all signals; what they start must not.
TEST_F(pool_death, leaves_a_worker_that_blocks_no_signals) {
  pool workers{1};
  auto blocked = [] {
    sigset_t set;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &set);
    return ::sigismember(&set, SIGTERM) == 1
           || ::sigismember(&set, SIGHUP) == 1;
  };
  EXPECT_FALSE(workers.apply(blocked));
  ::kill(workers.apply(pid_of_worker), SIGKILL);
  EXPECT_TRUE(eventually([&] { return restarts_of(workers) == 1; }));
  EXPECT_FALSE(workers.apply(blocked));
}

TEST_F(pool_death, wakes_those_who_wait_without_a_deadline) {
  pool workers{2};
  queue<int> begun;
  auto task = workers.submit(announce_and_run, begun);
  auto other = workers.submit(announce_and_run, begun);
  std::thread killer{[&] { ::kill(begun.get(), SIGKILL); }};
  killer.join();
  ::kill(begun.get(), SIGTERM);
  auto one = task_failure_of([&] { task.get(); });
  auto two = task_failure_of([&] { other.get(); });
  ASSERT_TRUE(one && two);
  std::set signals{one->status()->signal.value(),
                   two->status()->signal.value()};
  EXPECT_EQ(signals, (std::set{SIGKILL, SIGTERM}));
}

TEST_F(pool_death, is_made_up_for_by_retries) {
  pool workers{{.workers = 2, .timeline = true}};
  queue<int> attempts;
  auto third_time = [](queue<int> attempts) {
    attempts.put(1);
    if (attempts.size() < 3)
      ::raise(SIGKILL);
    return 7;
  };
  EXPECT_EQ(workers.submit({.retries = 2}, third_time, attempts).get(), 7);
  EXPECT_EQ(attempts.size(), 3U);
  EXPECT_EQ(workers.stats().retried, 2U);
  auto hopeless = task_failure_of(
      [&] { return workers.submit({.retries = 1}, die_at, 0, 0).get(); });
  ASSERT_TRUE(hopeless);
  EXPECT_TRUE(says(*hopeless, "attempt 2"));
  auto spans = workers.timeline().spans;
  EXPECT_EQ(spans.size(), 5U);
  EXPECT_EQ(std::ranges::count_if(spans, &timeline::span::failed), 4);
}

struct die_once {
  queue<int> died;
  int operator()(int x) {
    if (x == 50 && died.empty()) {
      died.put(1);
      ::raise(SIGKILL);
    }
    return x;
  }
};

TEST_F(pool_death, is_made_up_for_in_maps) {
  pool workers{2};
  queue<int> died;
  die_once once{died};
  for (std::size_t chunk : {1, 10}) {
    auto all = workers.map(once, std::views::iota(0, 100),
                           {.chunk = chunk, .retries = 1});
    for (int i = 0; i < 100; ++i)
      EXPECT_EQ(all.at(i), i);
    died.get();
    int next = 0;
    for (int x : workers.imap(once, std::views::iota(0, 100),
                              {.chunk = chunk, .retries = 1}))
      EXPECT_EQ(x, next++);
    EXPECT_EQ(next, 100);
    died.get();
  }
}

struct die_at_three {
  queue<int> done;
  int operator()(int x) {
    if (x == 3)
      ::raise(SIGKILL);
    done.put(x);
    return x;
  }
};

TEST_F(pool_death, does_not_stop_progress_functions_that_use_the_pool) {
  pool workers{1};
  std::size_t failed = 0;
  auto tell = [&](const progress& now) {
    if (now.failed > 0) { // in the thread that has to replace the worker
      EXPECT_EQ(workers.apply(twice, 2), 4);
    }
    failed = now.failed;
  };
  auto die = [](int) { ::raise(SIGKILL); };
  EXPECT_TRUE(task_failure_of([&] {
    workers.map(die, std::views::iota(0, 1), {.progress = tell});
    return 0;
  }));
  EXPECT_EQ(failed, 1U);
}

TEST_F(pool_death, fails_a_map_but_none_of_its_other_inputs) {
  pool workers{2};
  queue<int> done;
  EXPECT_TRUE(task_failure_of([&] {
    return workers.map(die_at_three{done}, std::views::iota(0, 8),
                       {.chunk = 1});
  }));
  std::multiset<int> others;
  while (auto x = done.try_get())
    others.insert(*x);
  EXPECT_EQ(others, (std::multiset{0, 1, 2, 4, 5, 6, 7}));
}

TEST_F(pool_death, says_that_what_has_one_owner_is_not_tried_again) {
  pool workers{1};
  auto [here, there] = pipe();
  try {
    workers.submit(
        {.retries = 1}, [](connection) {}, std::move(there));
    FAIL() << "nothing was thrown";
  } catch (const error& problem) {
    EXPECT_EQ(problem.code(), errc::not_serializable);
  }
}

TEST_F(pool_death, lets_go_of_what_the_worker_had_locked) {
  pool workers{2};
  mutex guard;
  auto task = workers.submit(
      [](mutex guard) {
        guard.lock();
        ::raise(SIGKILL);
      },
      guard);
  EXPECT_TRUE(task_failure_of([&] { task.get(); }));
  EXPECT_TRUE(guard.try_recover());
  guard.unlock();
}

// -- pools in workers ---------------------------------------------------------

/// Its workers say that they are there, and run for ever as it does.
void have_a_pool(queue<int> begun) {
  pool inner{2};
  auto one = inner.submit(announce_and_run, begun);
  auto other = inner.submit(announce_and_run, begun);
  run_for_ever();
}

/// So that they cannot be mistaken for others.
std::vector<detail::unique_fd> two_of_those_that_have(queue<int>& begun) {
  std::vector<detail::unique_fd> result;
  for (int i = 0; i < 2; ++i)
    result.push_back(detail::open_pidfd(begun.get()));
  return result;
}

void expect_ends(const std::vector<detail::unique_fd>& all) {
  for (auto& one : all)
    EXPECT_TRUE(detail::wait_for_end(one.get(), detail::deadline::in(20s)));
}

TEST_F(pool_death, comes_to_the_pool_of_a_worker_that_is_killed) {
  pool outer{1};
  queue<int> begun;
  auto task = outer.submit(have_a_pool, begun);
  auto inner = two_of_those_that_have(begun);
  ::kill(pids_of(outer).at(0), SIGKILL);
  auto failure = task_failure_of([&] { task.get(); });
  ASSERT_TRUE(failure && failure->status());
  EXPECT_EQ(failure->status()->signal, SIGKILL);
  expect_ends(inner);
  EXPECT_EQ(outer.apply(twice, 1), 2);
}

TEST_F(pool_death, comes_to_the_pool_of_a_task_that_is_cancelled) {
  pool outer{1};
  queue<int> begun;
  auto task = outer.submit(have_a_pool, begun);
  auto inner = two_of_those_that_have(begun);
  EXPECT_TRUE(task.cancel());
  EXPECT_TRUE(failure_of(task, errc::closed));
  expect_ends(inner);
  EXPECT_EQ(outer.apply(twice, 1), 2);
}

TEST_F(pool_death, comes_to_the_pools_of_its_workers_when_a_pool_ends) {
  queue<int> begun;
  std::optional<pool> outer{2};
  auto task = outer->submit(have_a_pool, begun);
  auto inner = two_of_those_that_have(begun);
  outer.reset();
  EXPECT_TRUE(failure_of(task, errc::closed));
  expect_ends(inner);
}

// -- time ---------------------------------------------------------------------

TEST_F(pool_death, comes_to_tasks_that_take_too_long) {
  pool workers{1};
  queue<int> begun;
  auto slow = workers.submit({.timeout = 50ms}, announce_and_run, begun);
  auto problem = failure_of(slow, errc::timed_out);
  ASSERT_TRUE(problem);
  EXPECT_TRUE(says(*problem, "0.05s"));
  auto killed = begun.get();
  EXPECT_NE(workers.apply(pid_of_worker), killed);
}

TEST_F(pool_death, does_not_come_to_tasks_that_wait) {
  pool workers{1};
  queue<int> go_on;
  auto first =
      workers.submit([](queue<int> go_on) { return go_on.get(); }, go_on);
  auto second = workers.submit({.timeout = 10s}, twice, 4);
  auto third = workers.submit({.timeout = 1ms}, run_for_ever);
  EXPECT_FALSE(third.wait_for(30ms)); // it has not begun
  go_on.put(1);
  EXPECT_EQ(first.get(), 1);
  EXPECT_EQ(second.get(), 8);
  EXPECT_TRUE(failure_of(third, errc::timed_out));
}

TEST_F(pool_death, does_not_come_for_timeouts_that_mean_none) {
  pool workers{1};
  queue<int> begun;
  auto take_a_while = [](queue<int> begun) {
    begun.put(1);
    ::usleep(100'000);
    return 1;
  };
  for (auto none : {std::chrono::nanoseconds::max(), -1ns, 0ns}) {
    auto task = workers.submit({.timeout = none}, take_a_while, begun);
    begun.get();
    auto next = workers.submit({.timeout = 20s}, twice, 1);
    EXPECT_EQ(task.get(), 1);
    EXPECT_EQ(next.get(), 2);
  }
}

TEST_F(pool_death, comes_to_tasks_that_are_stopped) {
  pool workers{1};
  auto stuck = workers.submit({.timeout = 50ms}, [] { ::raise(SIGSTOP); });
  EXPECT_TRUE(failure_of(stuck, errc::timed_out));
  EXPECT_EQ(workers.apply(twice, 1), 2);
}

TEST_F(pool_death, is_tried_again_after_its_time) {
  pool workers{1};
  queue<int> attempts;
  auto second_time = [](queue<int> attempts) {
    attempts.put(1);
    if (attempts.size() < 2)
      run_for_ever();
    return 5;
  };
  EXPECT_EQ(
      workers.submit({.timeout = 200ms, .retries = 1}, second_time, attempts)
          .get(),
      5);
}

// -- cancelling ---------------------------------------------------------------

TEST_F(pool_death, keeps_a_cancelled_task_from_being_begun) {
  pool workers{1};
  queue<int> go_on;
  queue<int> seen;
  auto first =
      workers.submit([](queue<int> go_on) { return go_on.get(); }, go_on);
  std::vector<future<void>> waiting;
  for (int i = 0; i < 100; ++i)
    waiting.push_back(
        workers.submit([](queue<int> seen, int i) { seen.put(i); }, seen, i));
  for (int i = 0; i < 100; i += 2)
    EXPECT_TRUE(waiting[i].cancel());
  auto pid = pids_of(workers);
  go_on.put(1);
  EXPECT_EQ(first.get(), 1);
  for (int i = 0; i < 100; ++i)
    if (i % 2)
      waiting[i].get();
    else
      EXPECT_TRUE(failure_of(waiting[i], errc::closed));
  EXPECT_EQ(seen.size(), 50U);
  for (int i = 1; i < 100; i += 2)
    EXPECT_EQ(seen.get(), i);
  EXPECT_EQ(pids_of(workers), pid) << "a worker was killed";
}

TEST_F(pool_death, comes_to_the_worker_of_a_cancelled_task_alone) {
  pool workers{2};
  queue<int> begun;
  queue<int> go_on;
  auto running = workers.submit(announce_and_run, begun);
  auto victim = begun.get();
  auto other = workers.submit(
      [](queue<int> begun, queue<int> go_on) {
        begun.put(::getpid());
        return go_on.get();
      },
      begun, go_on);
  auto survivor = begun.get();
  EXPECT_TRUE(running.cancel());
  EXPECT_FALSE(running.cancel());
  EXPECT_TRUE(failure_of(running, errc::closed));
  go_on.put(3);
  EXPECT_EQ(other.get(), 3);
  EXPECT_TRUE(eventually([&] {
    auto now = pids_of(workers);
    return now.size() == 2 && std::ranges::count(now, victim) == 0
           && std::ranges::count(now, survivor) == 1;
  }));
}

TEST_F(pool_death, does_not_come_by_cancelling_what_is_done) {
  pool workers{1};
  auto task = workers.submit(twice, 1);
  task.wait();
  EXPECT_FALSE(task.cancel());
  EXPECT_EQ(task.get(), 2);
}

TEST_F(pool_death, of_nobody_else_comes_of_a_storm_of_cancelling) {
  pool workers{2};
  std::vector<future<int>> kept;
  std::vector<future<int>> cancelled;
  for (int i = 0; i < 2000; ++i) {
    kept.push_back(workers.submit(twice, i));
    auto other = workers.submit(twice, -i);
    if (other.cancel())
      cancelled.push_back(std::move(other));
  }
  for (int i = 0; i < 2000; ++i)
    EXPECT_EQ(kept[i].get(), 2 * i);
  for (auto& each : cancelled)
    EXPECT_THROW(each.get(), error);
}

// -- the beginning ------------------------------------------------------------

TEST_F(pool_death, again_and_again_at_the_start_breaks_the_pool) {
  pool workers{{.workers = 2,
                .initializer = [] { throw std::runtime_error("no model"); }}};
  auto task = workers.submit(twice, 1);
  auto failure = task_failure_of([&] { return task.get(); });
  ASSERT_TRUE(failure && failure->exception());
  EXPECT_EQ(failure->exception()->message, "no model");
  EXPECT_TRUE(says(*failure, "no model"));
  EXPECT_THROW(workers.submit(twice, 1), task_failure);
  EXPECT_LE(restarts_of(workers), 6U);
  workers.close();
  workers.join();
}

TEST_F(pool_death, by_signals_alone_at_the_start_breaks_the_pool_as_well) {
  pool workers{{.workers = 2, .initializer = [] { ::raise(SIGKILL); }}};
  auto task = workers.submit(twice, 1);
  auto failure = task_failure_of([&] { return task.get(); });
  ASSERT_TRUE(failure && failure->status());
  EXPECT_EQ(failure->status()->signal, SIGKILL);
  EXPECT_THROW(workers.submit(twice, 1), task_failure);
  auto starts = restarts_of(workers);
  EXPECT_LE(starts, 14U);
  workers.close();
  workers.join();
  EXPECT_EQ(restarts_of(workers), starts);
}

TEST_F(pool_death, of_all_who_cannot_even_take_a_task_breaks_the_pool) {
  pool workers{{.workers = 1, .initializer = [] {
                  rlimit none{3, 3}; // so no large message can be opened
                  ::setrlimit(RLIMIT_NOFILE, &none);
                }}};
  auto size_of = [](const std::string& text) { return text.size(); };
  auto task = workers.submit(size_of, std::string(10'000'000, 'x'));
  EXPECT_TRUE(task_failure_of([&] { return task.get(); }));
  EXPECT_LE(restarts_of(workers), 6U);
}

TEST_F(pool_death, at_the_start_is_forgiven_when_others_come_up) {
  queue<int> starts;
  pool workers{{.workers = 1,
                .initializer = {[](queue<int> starts) {
                                  starts.put(1);
                                  if (starts.size() < 3)
                                    ::raise(SIGKILL);
                                },
                                starts}}};
  EXPECT_EQ(workers.apply(twice, 1), 2);
  EXPECT_EQ(starts.size(), 3U);
}

} // namespace

} // namespace ramet::test
