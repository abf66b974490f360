// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Workers of pools are killed at random instants.

#include "scoreboard.hpp"
#include "system_test.hpp"

#include <ramet/pool.hpp>
#include <ramet/queue.hpp>
#include <ramet/task_failure.hpp>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace {

using namespace ramet_test;

class kill_workers : public system_test {
protected:
  void SetUp() override {
    ramet::pool{1}.apply([] {}); // what a process keeps for pools, is made now
    system_test::SetUp();
  }
};

/// Kills some worker of `victims` every now and then. Between two kills the
/// workers do at least one task: where they need longer than a pause to come
/// up, the pool would rightly give up.
class storm {
public:
  storm(const ramet::pool& victims, std::chrono::microseconds longest_pause)
      : thread_([this, &victims, longest_pause] {
          chance random;
          std::uint64_t done_before = 0;
          while (!over_) {
            pass(random.within(longest_pause));
            auto workers = victims.stats().workers;
            std::uint64_t done = 0;
            for (auto& one : workers)
              done += one.tasks;
            if (done == done_before)
              continue;
            auto& one = workers[random.below(
                static_cast<std::uint32_t>(workers.size()))];
            if (one.pid != 0 && ::kill(one.pid, SIGKILL) == 0) {
              ++kills_;
              done_before = done;
            }
          }
        }) {}
  ~storm() { end(); }
  storm(const storm&) = delete;
  storm& operator=(const storm&) = delete;

  int end() {
    over_ = true;
    if (thread_.joinable())
      thread_.join();
    return kills_;
  }

private:
  std::atomic<bool> over_{false};
  std::atomic<int> kills_{0};
  std::thread thread_;
};

std::string spelled(int x) {
  return std::to_string(x) + std::string(static_cast<std::size_t>(x) % 50, '.');
}

/// Counts its calls before it does anything else.
struct counted {
  std::string path; // of a scoreboard
  std::string operator()(int x) const {
    static scoreboard calls{path};
    ++calls[static_cast<std::size_t>(x)];
    return spelled(x);
  }
};

TEST_F(kill_workers, every_task_completes_once_or_is_reported) {
  constexpr int count = 100'000;
  static_assert(count <= scoreboard::size);
  scoreboard calls;
  ramet::pool pool{3};
  storm kills{pool, 20ms};
  std::vector<ramet::future<std::string>> all;
  all.reserve(count);
  for (int i = 0; i < count; ++i)
    all.push_back(pool.submit(counted{calls.path()}, i));
  int completed = 0;
  int reported = 0;
  for (int i = 0; i < count; ++i)
    try {
      ASSERT_EQ(all[i].get(), spelled(i));
      ASSERT_EQ(calls[i], 1U) << "task " << i;
      ++completed;
    } catch (const ramet::task_failure& failure) {
      ASSERT_TRUE(failure.status()) << failure.what();
      EXPECT_EQ(failure.status()->signal, SIGKILL);
      EXPECT_LE(calls[i], 1U) << failure.what();
      ++reported;
    }
  auto killed = kills.end();
  std::cout << killed << " kills, " << completed << " completed, " << reported
            << " reported" << std::endl;
  EXPECT_EQ(completed + reported, count);
  EXPECT_LE(reported, killed);
  EXPECT_GT(killed, 0);
  EXPECT_EQ(pool.stats().pending, 0U);
}

TEST_F(kill_workers, retries_make_up_for_all_kills) {
  constexpr int count = 20'000;
  scoreboard calls;
  ramet::pool pool{3};
  storm kills{pool, 20ms};
  std::uint64_t retried_before = 0;
  for (std::size_t chunk : {1, 16}) {
    auto all = pool.map(counted{calls.path()}, std::views::iota(0, count),
                        {.chunk = chunk, .retries = 1000});
    ASSERT_EQ(all.size(), std::size_t{count});
    std::uint64_t too_often = 0;
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(all[i], spelled(i));
      auto calls_of_it = calls[i].exchange(0);
      ASSERT_GE(calls_of_it, 1U);
      too_often += calls_of_it - 1;
    }
    auto retried = pool.stats().retried;
    EXPECT_LE(too_often, chunk * (retried - retried_before));
    retried_before = retried;
  }
  EXPECT_GT(kills.end(), 0);
}

TEST_F(kill_workers, no_task_is_called_more_often_than_it_may_be_tried) {
  constexpr int count = 50'000;
  constexpr unsigned retries = 2;
  scoreboard calls;
  ramet::pool pool{3};
  storm kills{pool, 20ms};
  std::vector<ramet::future<std::string>> all;
  for (int i = 0; i < count; ++i)
    all.push_back(pool.submit({.retries = retries}, counted{calls.path()}, i));
  for (int i = 0; i < count; ++i)
    try {
      ASSERT_EQ(all[i].get(), spelled(i));
      EXPECT_GE(calls[i], 1U) << "task " << i;
      EXPECT_LE(calls[i], 1 + retries) << "task " << i;
    } catch (const ramet::task_failure& failure) {
      EXPECT_LE(calls[i], 1 + retries) << failure.what();
    }
  std::uint64_t in_all = 0;
  for (int i = 0; i < count; ++i)
    in_all += calls[i];
  kills.end();
  EXPECT_LE(in_all, count + pool.stats().retried);
}

TEST_F(kill_workers, large_values_stay_whole) {
  ramet::pool pool{2};
  storm kills{pool, 30ms};
  auto sum = [](const std::vector<int>& xs) {
    std::vector<int> result(xs.rbegin(), xs.rend());
    return result;
  };
  for (int i = 0; i < 100; ++i) {
    std::vector<int> xs(50'000, i);
    xs.front() = -1;
    auto back = pool.submit({.retries = 1000}, sum, xs).get();
    ASSERT_EQ(back.back(), -1);
    ASSERT_EQ(back.front(), i);
  }
}

TEST_F(kill_workers, initializers_are_run_again) {
  ramet::pool pool{
      {.workers = 2, .initializer = [] { ::setenv("READY", "1", 1); }}};
  storm kills{pool, 100ms}; // they need time to come up
  for (int i = 0; i < 5000; ++i)
    ASSERT_TRUE(pool.submit({.retries = 1000},
                            [] { return ::getenv("READY") != nullptr; })
                    .get());
}

TEST_F(kill_workers, a_pool_that_is_closed_in_the_midst_of_it_does_all) {
  constexpr int count = 5000;
  for (int round = 0; round < 5; ++round) {
    ramet::pool pool{2};
    storm kills{pool, 10ms};
    std::vector<ramet::future<std::string>> all;
    for (int i = 0; i < count; ++i)
      all.push_back(pool.submit({.retries = 1000}, spelled, i));
    pool.close();
    pool.join();
    kills.end();
    EXPECT_EQ(pool.stats().pending, 0U);
    EXPECT_EQ(pool.stats().failed, 0U);
    EXPECT_EQ(pool.stats().completed, std::uint64_t{count});
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(all[i].ready());
      ASSERT_EQ(all[i].get(), spelled(i));
    }
  }
}

TEST_F(kill_workers, a_pool_ends_in_the_midst_of_it) {
  for (int round = 0; round < 10; ++round) {
    ramet::pool pool{2};
    storm kills{pool, 5ms};
    std::vector<ramet::future<std::string>> all;
    for (int i = 0; i < 1000; ++i)
      all.push_back(pool.submit(spelled, i));
    all[500].wait();
    kills.end(); // it looks at the pool
    auto time = time_of([&] { pool.terminate(); });
    EXPECT_LT(time, soon);
    for (auto& each : all)
      EXPECT_TRUE(each.ready());
    for (auto& each : all)
      try {
        static_cast<void>(each.get());
      } catch (const ramet::error&) {
      }
  }
}

} // namespace
