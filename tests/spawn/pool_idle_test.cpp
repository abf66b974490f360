// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "pool_fixture.hpp"

#include <chrono>
#include <ranges>
#include <thread>

#include <time.h>

namespace ramet::test {

namespace {

class pool_idle : public pool_fixture {};

// All threads of a process, user and system.
std::chrono::nanoseconds cpu_time(int pid) {
  clockid_t id = 0;
  timespec used{};
  if (::clock_getcpuclockid(pid, &id) != 0 || ::clock_gettime(id, &used) != 0)
    ADD_FAILURE() << "no process " << pid;
  return std::chrono::seconds{used.tv_sec}
         + std::chrono::nanoseconds{used.tv_nsec};
}

std::chrono::nanoseconds cpu_time(const pool& of) {
  auto result = cpu_time(::getpid());
  for (int pid : pids_of(of))
    result += cpu_time(pid);
  return result;
}

// Watches for so long at most until next to nothing was used in a while: what
// was begun before has ended after some time.
void expect_rest(const pool& workers) {
  std::chrono::nanoseconds used{1h};
  for (int i = 0; i < 10 && used > 1ms; ++i) {
    auto before = cpu_time(workers);
    std::this_thread::sleep_for(400ms);
    used = cpu_time(workers) - before;
  }
  EXPECT_LT(used, 2ms);
}

TEST_F(pool_idle, uses_no_cpu_time_after_its_work) {
  pool workers{2};
  workers.map(twice, std::views::iota(0, 10'000), {.chunk = 1});
  expect_rest(workers);
  EXPECT_EQ(workers.apply(twice, 1), 2);
}

TEST_F(pool_idle, uses_no_cpu_time_while_results_are_unread) {
  pool workers{2};
  std::vector<future<int>> all;
  for (int i = 0; i < 100; ++i)
    all.push_back(workers.submit(twice, i));
  expect_rest(workers);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(all[i].get(), 2 * i);
}

} // namespace

} // namespace ramet::test
