// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// How pools end.

#include "pool_fixture.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>
#include <latch>
#include <optional>
#include <ranges>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace ramet::test {

namespace {

class pool_end : public pool_fixture {};

bool is_stopped(int pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  return text.find(") T ") != std::string::npos;
}

/// Two workers that have been brought into a bad state by `prepare` end soon,
/// however the pool does.
void expect_quick_end(const pool_options& options,
                      const std::function<void(pool&)>& prepare) {
  for (bool terminate : {true, false}) {
    std::optional<pool> workers{options};
    prepare(*workers);
    auto start = std::chrono::steady_clock::now();
    if (terminate)
      workers->terminate();
    else
      workers.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
    EXPECT_TRUE(active_children().empty());
    if (terminate)
      workers->join();
  }
}

TEST_F(pool_end, comes_though_workers_ignore_sigterm) {
  queue<int> begun;
  expect_quick_end(
      {.workers = 2, .initializer = [] { ::signal(SIGTERM, SIG_IGN); }},
      [&](pool& workers) {
        for (int i = 0; i < 3; ++i)
          workers.submit(announce_and_run, begun);
        begun.get();
        begun.get();
      });
}

TEST_F(pool_end, comes_though_workers_are_stopped) {
  expect_quick_end({.workers = 2}, [](pool& workers) {
    workers.apply(twice, 1);
    for (int pid : pids_of(workers))
      ::kill(pid, SIGSTOP);
    for (int pid : pids_of(workers))
      ASSERT_TRUE(eventually([&] { return is_stopped(pid); }));
    workers.submit(twice, 1);
  });
}

TEST_F(pool_end, comes_though_workers_hang_in_the_initializer) {
  queue<int> begun;
  expect_quick_end({.workers = 2, .initializer = {announce_and_run, begun}},
                   [&](pool& workers) {
                     workers.submit(twice, 1);
                     begun.get();
                     begun.get();
                   });
}

template <class Action>
void expect_closed(const char* what, Action action) {
  try {
    static_cast<void>(action());
    ADD_FAILURE() << what << ": nothing was thrown";
  } catch (const error& problem) {
    EXPECT_EQ(problem.code(), errc::closed) << what << ": " << problem.what();
  }
}

/// Calls `action` until it throws, which must be for the end of the pool.
/// Says when it has come through once.
template <class Action>
void repeat_until_closed(std::latch& at_it, Action action) {
  for (bool first = true;; first = false)
    try {
      action();
      if (first)
        at_it.count_down();
    } catch (const error& problem) {
      EXPECT_EQ(problem.code(), errc::closed) << problem.what();
      if (first)
        at_it.count_down();
      return;
    }
}

TEST_F(pool_end, comes_to_all_threads_that_use_the_pool) {
  for (int round = 0; round < 20; ++round) {
    pool workers{2};
    std::latch at_it{3};
    std::vector<std::jthread> threads;
    threads.emplace_back(
        [&] { repeat_until_closed(at_it, [&] { workers.apply(twice, 1); }); });
    threads.emplace_back([&] {
      repeat_until_closed(
          at_it, [&] { workers.map(twice, std::views::iota(0, 1000)); });
    });
    threads.emplace_back([&] {
      auto results = workers.imap(twice, std::views::iota(0));
      repeat_until_closed(at_it, [&] { results.next(); });
    });
    threads.emplace_back([&] {
      for (bool ended = false; !ended;)
        try {
          ended = workers.join_for(20s);
          EXPECT_TRUE(ended);
        } catch (const error& problem) {
          EXPECT_EQ(problem.code(), errc::protocol) << "while it was open";
        }
    });
    at_it.wait();
    workers.terminate();
  }
}

struct run_on {
  queue<int> begun;
  int operator()(int) {
    announce_and_run(begun);
    return 0;
  }
};

TEST_F(pool_end, comes_to_all_threads_that_wait) {
  for (int round = 0; round < 20; ++round) {
    pool workers{3};
    run_on endless{queue<int>{}};
    std::vector<std::jthread> threads;
    threads.emplace_back([&] {
      expect_closed("apply", [&] { return workers.apply(endless, 1); });
    });
    threads.emplace_back([&] {
      expect_closed("map",
                    [&] { return workers.map(endless, std::vector{1}); });
    });
    threads.emplace_back([&] {
      expect_closed(
          "imap", [&] { return workers.imap(endless, std::vector{1}).next(); });
    });
    for (int i = 0; i < 3; ++i)
      endless.begun.get();
    workers.close();
    threads.emplace_back([&] { EXPECT_TRUE(workers.join_for(20s)); });
    workers.terminate();
  }
}

// -- closing ------------------------------------------------------------------

TEST_F(pool_end, comes_after_all_tasks_of_workers_that_do_one_each) {
  pool workers{{.workers = 3, .max_tasks_per_worker = 1}};
  std::vector<future<int>> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(workers.submit(twice, i));
  workers.close();
  workers.join();
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(all[i].ready());
    EXPECT_EQ(all[i].get(), 2 * i);
  }
  EXPECT_TRUE(pids_of(workers).empty());
}

TEST_F(pool_end, comes_when_the_last_tasks_were_cancelled) {
  for (bool close_first : {false, true}) {
    pool workers{1};
    queue<int> begun;
    queue<int> go_on;
    auto running = workers.submit(
        [](queue<int> begun, queue<int> go_on) {
          begun.put(1);
          return go_on.get();
        },
        begun, go_on);
    begun.get();
    std::vector<future<int>> waiting;
    for (int i = 0; i < 50; ++i)
      waiting.push_back(workers.submit(twice, i));
    if (close_first)
      workers.close();
    for (auto& each : waiting)
      EXPECT_TRUE(each.cancel());
    workers.close();
    EXPECT_FALSE(workers.try_join());
    go_on.put(7);
    EXPECT_TRUE(workers.join_for(20s));
    EXPECT_TRUE(running.ready());
    EXPECT_EQ(running.get(), 7);
    for (auto& each : waiting)
      EXPECT_TRUE(failure_of(each, errc::closed));
  }
}

TEST_F(pool_end, comes_when_the_only_task_left_is_cancelled) {
  pool workers{2};
  queue<int> begun;
  auto task = workers.submit(announce_and_run, begun);
  begun.get();
  workers.close();
  EXPECT_TRUE(task.cancel());
  EXPECT_TRUE(workers.join_for(20s));
  EXPECT_TRUE(failure_of(task, errc::closed));
}

int sum(int a, int b) {
  return a + b;
}

void expect_no_more_tasks(pool& workers) {
  std::vector<int> xs{1, 2};
  std::vector<std::pair<int, int>> pairs{{1, 2}};
  expect_closed("apply", [&] { return workers.apply(twice, 1); });
  expect_closed("map", [&] { return workers.map(twice, xs); });
  expect_closed("map_async",
                [&] { return workers.map_async(twice, xs).get(); });
  expect_closed("imap", [&] { return workers.imap(twice, xs).next(); });
  expect_closed("imap_unordered",
                [&] { return workers.imap_unordered(twice, xs).next(); });
  expect_closed("starmap", [&] { return workers.starmap(sum, pairs); });
  expect_closed("starmap_async",
                [&] { return workers.starmap_async(sum, pairs).get(); });
  expect_closed("resize", [&] {
    workers.resize(2);
    return 0;
  });
}

TEST_F(pool_end, is_told_by_whatever_would_make_tasks) {
  pool closed{1};
  closed.close();
  expect_no_more_tasks(closed);
  closed.join();
  expect_no_more_tasks(closed);
  pool terminated{1};
  terminated.terminate();
  expect_no_more_tasks(terminated);
}

TEST_F(pool_end, is_told_by_a_pool_that_was_moved_from) {
  pool one{1};
  pool other{std::move(one)};
  expect_no_more_tasks(one);
  expect_closed("size", [&] { return one.size(); });
  expect_closed("stats", [&] { return one.stats(); });
  expect_closed("timeline", [&] { return one.timeline(); });
  expect_closed("try_join", [&] { return one.try_join(); });
  one.terminate();
  EXPECT_EQ(other.apply(twice, 1), 2);
}

// -- results that nobody has read yet -----------------------------------------

std::string text_of(std::size_t size, char c) {
  return std::string(size, c);
}

TEST_F(pool_end, keeps_large_results_that_nobody_has_read) {
  constexpr std::size_t size = 1 << 20;
  pool workers{2};
  std::vector<future<std::string>> all;
  for (int i = 0; i < 20; ++i)
    all.push_back(workers.submit(text_of, size, static_cast<char>('a' + i)));
  workers.close();
  workers.join();
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(all[i].get(), text_of(size, static_cast<char>('a' + i)));
}

TEST_F(pool_end, of_a_worker_leaves_the_large_result_that_nobody_has_read) {
  constexpr std::size_t size = 8 << 20;
  pool workers{{.workers = 1, .max_tasks_per_worker = 1}};
  auto task = workers.submit(text_of, size, 'x');
  ASSERT_TRUE(eventually([&] { return restarts_of(workers) == 1; }));
  EXPECT_EQ(task.get(), text_of(size, 'x'));
  EXPECT_EQ(workers.apply(twice, 1), 2);
}

} // namespace

} // namespace ramet::test
