// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Failures of a pool's tasks that nobody looks at.

#include "pool_fixture.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace ramet::test {

namespace {

class pool_unseen : public pool_fixture {};

int refuse(int x) {
  throw std::out_of_range("no such number: " + std::to_string(x));
}

// What is printed until the pool has nothing to do, and by its end.
template <class Action>
std::string printed_by_a_pool(Action action) {
  testing::internal::CaptureStderr();
  {
    pool workers{{.workers = 1, .name = "crew"}};
    action(workers);
  }
  return testing::internal::GetCapturedStderr();
}

void drain(pool& workers) {
  EXPECT_TRUE(eventually([&] { return workers.stats().pending == 0; }));
  workers.close();
  workers.join();
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

TEST_F(pool_unseen, are_told_once) {
  int pid = 0;
  auto printed = printed_by_a_pool([&](pool& workers) {
    pid = workers.apply(own_pid);
    workers.submit(refuse, 5);
    workers.map_async(refuse, std::vector{6, 7});
    drain(workers);
  });
  EXPECT_EQ(lines_of(printed), 2U) << printed;
  auto told = "ramet: nobody looked at the failure of a future: pool 'crew': ";
  EXPECT_TRUE(printed.starts_with(told)) << printed;
  EXPECT_NE(printed.find("(pid " + std::to_string(pid)
                         + ") threw std::out_of_range: no such number: 5\n"),
            std::string::npos)
      << printed;
  EXPECT_NE(printed.find("no such number: 6\n"), std::string::npos) << printed;
}

TEST_F(pool_unseen, are_told_of_killed_workers) {
  auto printed = printed_by_a_pool([](pool& workers) {
    workers.submit(die_at, 0, 0);
    drain(workers);
  });
  EXPECT_EQ(lines_of(printed), 1U) << printed;
  EXPECT_NE(printed.find("killed by SIGKILL (9)"), std::string::npos)
      << printed;
}

TEST_F(pool_unseen, are_not_told_of_tasks_given_up_with_their_pool) {
  auto printed = printed_by_a_pool([](pool& workers) {
    queue<int> begun;
    workers.submit(announce_and_run, begun);
    for (int i = 0; i < 20; ++i)
      workers.submit(twice, i);
    workers.map_async(twice, std::vector{1, 2});
    begun.get();
    workers.terminate();
  });
  EXPECT_EQ(printed, "");
}

TEST_F(pool_unseen, are_not_told_of_tasks_that_were_cancelled) {
  auto printed = printed_by_a_pool([](pool& workers) {
    queue<int> begun;
    auto running = workers.submit(announce_and_run, begun);
    auto waiting = workers.submit(twice, 1);
    begun.get();
    waiting.cancel();
    running.cancel();
    drain(workers);
  });
  EXPECT_EQ(printed, "");
}

} // namespace

} // namespace ramet::test
