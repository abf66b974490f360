// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "actors_test.hpp"

#include <ramet/pipe.hpp>

#include <ctime>

namespace ramet_test {

namespace {

struct idle_node_test : actors_test {};

// Ticks of the processor that a process has used, threads and all.
std::chrono::nanoseconds cpu_time(int pid) {
  clockid_t clock_of = 0;
  if (::clock_getcpuclockid(pid, &clock_of) != 0)
    return {};
  timespec time{};
  ::clock_gettime(clock_of, &time);
  return std::chrono::seconds{time.tv_sec}
         + std::chrono::nanoseconds{time.tv_nsec};
}

TEST_F(idle_node_test, uses_no_cpu_time_here_nor_there) {
  ramet::node n;
  auto a = n.spawn(servant);
  pid_of(a);
  std::chrono::nanoseconds used{1h};
  // What was begun before has ended after a while; then nothing goes on.
  for (int i = 0; i < 10 && used > 1ms; ++i) {
    auto before = cpu_time(n.pid()) + cpu_time(::getpid());
    auto [here, there] = ramet::pipe();
    EXPECT_FALSE(here.poll_for(400ms));
    used = cpu_time(n.pid()) + cpu_time(::getpid()) - before;
  }
  EXPECT_LT(used, 2ms);
}

} // namespace

} // namespace ramet_test
