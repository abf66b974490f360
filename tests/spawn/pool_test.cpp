// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Pools when all goes well.

#include "cpu_time.hpp"
#include "pool_fixture.hpp"

#include <ramet/pipe.hpp>
#include <ramet/when.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <utility>

#include <sched.h>

namespace ramet::test {

namespace {

class pool_test : public pool_fixture {};

struct city {
  std::string name;
  std::vector<int> streets;
};

city grown(city one, int more) {
  one.streets.push_back(more);
  return one;
}

struct scaler {
  double factor = 1;
  double operator()(double x) const { return factor * x; }
};

TEST_F(pool_test, calls_a_function_in_a_worker) {
  pool workers{2};
  EXPECT_EQ(workers.apply(twice, 21), 42);
  EXPECT_NE(workers.apply(pid_of_worker), ::getpid());
}

TEST_F(pool_test, takes_and_gives_whatever_is_serializable) {
  pool workers{1};
  auto result = workers.apply(grown, city{"Bern", {1, 2}}, 3);
  EXPECT_EQ(result.name, "Bern");
  EXPECT_EQ(result.streets, (std::vector{1, 2, 3}));
  EXPECT_EQ(workers.apply([](const std::string& a,
                             std::string_view b) { return a + std::string{b}; },
                          "left", "right"),
            "leftright");
  EXPECT_EQ(workers.apply(scaler{3}, 2), 6.0);
}

TEST_F(pool_test, calls_functions_without_a_result) {
  pool workers{1};
  queue<int> seen;
  workers.apply([](queue<int> to) { to.put(7); }, seen);
  EXPECT_EQ(seen.get(), 7);
}

TEST_F(pool_test, keeps_its_workers) {
  pool workers{1};
  auto first = workers.apply(pid_of_worker);
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(workers.apply(pid_of_worker), first);
}

TEST_F(pool_test, uses_all_its_workers) {
  pool workers{3};
  queue<int> begun;
  queue<int> go_on;
  std::vector<future<int>> all;
  for (int i = 0; i < 3; ++i)
    all.push_back(workers.submit(
        [](queue<int> begun, queue<int> go_on) {
          begun.put(1);
          return go_on.get();
        },
        begun, go_on));
  for (int i = 0; i < 3; ++i)
    begun.get(); // all at once
  for (int i = 0; i < 3; ++i)
    go_on.put(i);
  std::set<int> results;
  for (auto& each : all)
    results.insert(each.get());
  EXPECT_EQ(results, (std::set{0, 1, 2}));
}

TEST_F(pool_test, receives_results_in_any_order_of_waiting) {
  pool workers{2};
  std::vector<future<int>> all;
  for (int i = 0; i < 1000; ++i)
    all.push_back(workers.submit(twice, i));
  for (int i = 999; i >= 0; --i)
    EXPECT_EQ(all[i].get(), 2 * i);
  EXPECT_EQ(workers.stats().pending, 0U);
}

TEST_F(pool_test, serves_many_threads) {
  pool workers{2};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i)
        if (workers.apply(twice, 1000 * t + i) != 2 * (1000 * t + i))
          ++wrong;
    });
  for (auto& each : threads)
    each.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(pool_test, passes_on_what_a_function_throws) {
  pool workers{1};
  auto failure = task_failure_of([&] {
    return workers.apply(
        [](int x) -> int {
          throw std::out_of_range("no such x: " + std::to_string(x));
        },
        5);
  });
  ASSERT_TRUE(failure && failure->exception());
  EXPECT_EQ(failure->exception()->type, "std::out_of_range");
  EXPECT_TRUE(failure->is<std::logic_error>());
  EXPECT_THROW(failure->rethrow(), std::out_of_range);
  EXPECT_EQ(failure->exception()->message, "no such x: 5");
  EXPECT_FALSE(failure->exception()->backtrace.empty());
  EXPECT_NE(failure->exception()->pid, ::getpid());
  EXPECT_TRUE(says(*failure, "no such x: 5"));
  EXPECT_EQ(workers.apply(twice, 1), 2);
}

TEST_F(pool_test, makes_callbacks_though_nobody_waits) {
  pool workers{1};
  std::promise<int> value;
  std::promise<std::string> text;
  workers.submit(twice, 4).then([&](int x) { value.set_value(x); });
  workers.submit([]() -> int { throw std::runtime_error("bad luck"); })
      .then([](int) {},
            [&](const error& problem) { text.set_value(problem.what()); });
  EXPECT_EQ(value.get_future().get(), 8);
  EXPECT_NE(text.get_future().get().find("bad luck"), std::string::npos);
}

// What when_any gives back was told to come by callbacks, and this is one.
TEST_F(pool_test, may_be_waited_for_in_a_callback_after_when_any) {
  pool workers{2};
  auto [here, there] = pipe();
  queue<int> heard;
  workers.submit(twice, 1).then([&, heard](int) mutable {
    auto first =
        when_any(workers.submit(twice, 2),
                 workers.submit([](connection end) { return end.recv<int>(); },
                                std::move(there)))
            .get();
    here.send(5);
    heard.put(std::get<1>(first.futures).get());
  });
  EXPECT_EQ(heard.get_for(20s), 5);
}

TEST_F(pool_test, may_be_used_by_callbacks) {
  pool workers{1};
  std::promise<int> last;
  workers.submit(twice, 1).then([&](int x) {
    workers.submit(twice, workers.apply(twice, x)).then([&](int y) {
      last.set_value(y);
    });
  });
  EXPECT_EQ(last.get_future().get(), 8);
}

TEST_F(pool_test, lets_futures_be_dropped) {
  pool workers{1};
  queue<int> seen;
  for (int i = 0; i < 100; ++i)
    workers.submit([](queue<int> to, int x) { to.put(x); }, seen, i);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(seen.get(), i);
  EXPECT_TRUE(eventually([&] { return workers.stats().pending == 0; }));
}

TEST_F(pool_test, runs_the_initializer_in_each_worker_first) {
  pool workers{
      {.workers = 2,
       .initializer = {[](const std::string& text, int number) {
                         ::setenv("GREETING",
                                  (text + std::to_string(number)).c_str(), 1);
                       },
                       "hello", 5},
       .max_tasks_per_worker = 3}};
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(workers.apply([] { return std::string{::getenv("GREETING")}; }),
              "hello5");
}

TEST_F(pool_test, replaces_workers_after_their_share_of_tasks) {
  pool workers{{.workers = 1, .max_tasks_per_worker = 10}};
  std::map<int, int> tasks;
  for (int i = 0; i < 35; ++i)
    ++tasks[workers.apply(pid_of_worker)];
  EXPECT_EQ(tasks.size(), 4U);
  EXPECT_EQ(restarts_of(workers), 3U);
}

TEST_F(pool_test, grows_and_shrinks) {
  pool workers{1};
  EXPECT_EQ(pids_of(workers).size(), 1U);
  workers.resize(3);
  EXPECT_EQ(workers.size(), 3U);
  EXPECT_EQ(pids_of(workers).size(), 3U);
  EXPECT_EQ(workers.map(twice, std::views::iota(0, 100)).size(), 100U);
  workers.resize(1);
  EXPECT_TRUE(eventually([&] { return pids_of(workers).size() == 1; }));
  EXPECT_EQ(workers.apply(twice, 5), 10);
  workers.resize(2);
  EXPECT_TRUE(eventually([&] { return pids_of(workers).size() == 2; }));
  EXPECT_EQ(workers.map(twice, std::views::iota(0, 100)).size(), 100U);
}

TEST_F(pool_test, shrinks_though_its_workers_are_busy) {
  pool workers{2};
  queue<int> begun;
  queue<int> go_on;
  auto wait = [](queue<int> begun, queue<int> go_on) {
    begun.put(::getpid());
    return go_on.get();
  };
  auto a = workers.submit(wait, begun, go_on);
  auto b = workers.submit(wait, begun, go_on);
  begun.get();
  begun.get();
  workers.resize(1);
  go_on.put(1);
  go_on.put(2);
  EXPECT_EQ(a.get() + b.get(), 3);
  EXPECT_TRUE(eventually([&] { return pids_of(workers).size() == 1; }));
}

TEST_F(pool_test, says_that_an_open_pool_cannot_be_joined) {
  pool workers{1};
  try {
    workers.join();
    FAIL() << "nothing was thrown";
  } catch (const error& problem) {
    EXPECT_EQ(problem.code(), errc::protocol);
    EXPECT_TRUE(says(problem, "close()"));
  }
}

TEST_F(pool_test, joins_for_a_while) {
  pool workers{1};
  queue<int> go_on;
  auto task =
      workers.submit([](queue<int> go_on) { return go_on.get(); }, go_on);
  workers.close();
  EXPECT_FALSE(workers.try_join());
  EXPECT_FALSE(workers.join_for(1ms));
  go_on.put(1);
  EXPECT_TRUE(workers.join_for(20s));
  EXPECT_EQ(task.get(), 1);
}

TEST_F(pool_test, ends_pending_futures_when_it_is_terminated) {
  pool workers{1};
  queue<int> begun;
  auto running = workers.submit(announce_and_run, begun);
  std::vector<future<int>> waiting;
  for (int i = 0; i < 10'000; ++i)
    waiting.push_back(workers.submit(twice, i));
  begun.get();
  auto start = std::chrono::steady_clock::now();
  workers.terminate();
  workers.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  EXPECT_TRUE(failure_of(running, errc::closed));
  for (auto& each : waiting)
    EXPECT_THROW(each.get(), error);
  EXPECT_THROW(workers.submit(twice, 1), error);
}

TEST_F(pool_test, ends_again_and_again_with_much_to_do) {
  for (int round = 0; round < 100; ++round) {
    pool workers{2};
    for (int i = 0; i < 10'000; ++i)
      workers.submit(run_for_ever);
    auto start = std::chrono::steady_clock::now();
    workers.terminate();
    workers.join();
    ASSERT_LT(std::chrono::steady_clock::now() - start, 10s);
  }
}

TEST_F(pool_test, rests_once_it_is_closed) {
  pool workers{2};
  EXPECT_EQ(workers.apply(twice, 1), 2);
  workers.close();
  ASSERT_TRUE(eventually([&] {
    return std::ranges::all_of(workers.stats().workers,
                               [](auto& one) { return one.pid == 0; });
  }));
  auto before = ramet_test::own_cpu_time();
  std::this_thread::sleep_for(500ms);
  EXPECT_LT(ramet_test::own_cpu_time() - before, 200ms);
  workers.join();
}

TEST_F(pool_test, ends_pending_futures_when_it_goes) {
  future<int> left;
  {
    pool workers{1};
    queue<int> begun;
    workers.submit(announce_and_run, begun);
    begun.get();
    left = workers.submit(twice, 1);
  }
  auto problem = failure_of(left, errc::closed);
  ASSERT_TRUE(problem);
  EXPECT_TRUE(says(*problem, "terminated"));
}

TEST_F(pool_test, lets_results_be_looked_at_after_it_is_gone) {
  future<int> done;
  {
    pool workers{1};
    done = workers.submit(twice, 4);
    done.wait();
  }
  EXPECT_EQ(done.get(), 8);
}

TEST_F(pool_test, may_have_pools_in_its_workers) {
  pool outer{2};
  auto sums = outer.map(
      [](int n) {
        pool inner{2};
        auto xs = inner.map(twice, std::views::iota(0, n));
        return std::accumulate(xs.begin(), xs.end(), 0);
      },
      std::vector{3, 4});
  EXPECT_EQ(sums, (std::vector{6, 12}));
}

TEST_F(pool_test, starts_while_other_threads_use_memory_and_locks) {
  std::atomic<bool> over{false};
  std::mutex guard;
  std::vector<std::thread> busy;
  for (int t = 0; t < 2; ++t)
    busy.emplace_back([&] {
      while (!over) {
        std::scoped_lock lock{guard};
        auto one = std::make_unique<std::string>(1000, 'x');
      }
    });
  for (int i = 0; i < 10; ++i) {
    pool workers{2};
    EXPECT_EQ(workers.apply(twice, i), 2 * i);
  }
  over = true;
  for (auto& each : busy)
    each.join();
}

TEST_F(pool_test, pins_workers_if_asked) {
  pool workers{{.workers = 2, .pin = true}};
  EXPECT_EQ(workers.apply([] {
    cpu_set_t set;
    ::sched_getaffinity(0, sizeof set, &set);
    return CPU_COUNT(&set);
  }),
            1);
}

TEST_F(pool_test, pins_workers_to_different_processors_in_turn) {
  cpu_set_t usable;
  ASSERT_EQ(::sched_getaffinity(0, sizeof usable, &usable), 0);
  if (CPU_COUNT(&usable) < 2)
    GTEST_SKIP() << "there is only one processor";
  pool workers{{.workers = 2, .pin = true}};
  queue<int> begun;
  queue<int> go_on;
  std::vector<future<int>> all;
  for (int i = 0; i < 2; ++i)
    all.push_back(workers.submit(
        [](queue<int> begun, queue<int> go_on) {
          begun.put(1);
          go_on.get(); // when the other one has begun, too
          return ::sched_getcpu();
        },
        begun, go_on));
  begun.get();
  begun.get();
  go_on.put(1);
  go_on.put(1);
  auto one = all[0].get();
  auto other = all[1].get();
  EXPECT_NE(one, other);
  EXPECT_TRUE(CPU_ISSET(one, &usable));
  EXPECT_TRUE(CPU_ISSET(other, &usable));
}

TEST_F(pool_test, is_not_made_by_fork) {
  try {
    pool workers{{.workers = 2, .start = start_method::fork}};
    ADD_FAILURE() << "nothing was thrown";
  } catch (const error& problem) {
    EXPECT_EQ(problem.code(), errc::protocol) << problem.what();
    EXPECT_TRUE(says(problem, "forkserver")) << problem.what();
    EXPECT_TRUE(active_children().empty());
  }
}

TEST_F(pool_test, is_a_value_that_can_be_moved) {
  pool one{1};
  auto task = one.submit(twice, 1);
  pool other{std::move(one)};
  EXPECT_EQ(other.apply(twice, 2), 4);
  EXPECT_EQ(task.get(), 2);
  EXPECT_THROW(one.submit(twice, 1), error);
  EXPECT_THROW(one.close(), error);
}

TEST_F(pool_test, tells_what_its_workers_have_done) {
  pool workers{{.workers = 2, .name = "mill"}};
  workers.map(twice, std::views::iota(0, 100), {.chunk = 1});
  task_failure_of([&] {
    return workers.apply([]() -> int { throw std::runtime_error("x"); });
  });
  auto stats = workers.stats();
  EXPECT_EQ(stats.submitted, 101U);
  EXPECT_EQ(stats.completed, 101U);
  EXPECT_EQ(stats.failed, 1U);
  EXPECT_EQ(stats.pending, 0U);
  ASSERT_EQ(stats.workers.size(), 2U);
  EXPECT_EQ(stats.workers[0].name, "mill-worker-1");
  EXPECT_TRUE(eventually([&] { // counted a moment after the outcome is there
    auto now = workers.stats().workers;
    return now[0].tasks + now[1].tasks == 101;
  }));
  for (auto& one : stats.workers) {
    EXPECT_GT(one.pid, 0);
    EXPECT_GT(one.memory, 0U);
  }
}

TEST_F(pool_test, tells_how_long_its_workers_were_busy) {
  pool workers{1};
  auto begin = std::chrono::steady_clock::now();
  workers.apply([] { std::this_thread::sleep_for(50ms); });
  std::chrono::nanoseconds busy{0};
  EXPECT_TRUE(eventually([&] { // counted a moment after the outcome is there
    busy = workers.stats().workers[0].busy;
    return busy >= 50ms;
  }));
  EXPECT_LE(busy, std::chrono::steady_clock::now() - begin);
}

TEST_F(pool_test, cuts_inputs_into_four_tasks_for_each_worker) {
  pool workers{2};
  EXPECT_EQ(workers.map(twice, std::views::iota(0, 800)).size(), 800U);
  EXPECT_EQ(workers.stats().submitted, 8U);
}

TEST_F(pool_test, cuts_many_inputs_into_tasks_of_1024_at_most) {
  pool workers{2};
  EXPECT_EQ(workers.map(twice, std::views::iota(0, 100'000)).size(), 100'000U);
  EXPECT_EQ(workers.stats().submitted, 98U);
}

} // namespace

} // namespace ramet::test
