// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "system_test.hpp"

#include <ramet/mutex.hpp>
#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>
#include <ramet/wait.hpp>

#include <algorithm>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include <poll.h>
#include <unistd.h>

namespace ramet_test {

namespace {

using idle_test = system_test;

// All threads of a process, user and system.
std::chrono::nanoseconds cpu_time(int pid) {
  clockid_t id;
  timespec used{};
  if (::clock_getcpuclockid(pid, &id) != 0 || ::clock_gettime(id, &used) != 0)
    ADD_FAILURE() << "no process " << pid;
  return std::chrono::seconds{used.tv_sec}
         + std::chrono::nanoseconds{used.tv_nsec};
}

// Until it has used no CPU time for a while.
bool settles(int pid) {
  auto last = -1ns;
  return eventually([&] {
    auto before = std::exchange(last, cpu_time(pid));
    ::poll(nullptr, 0, 10);
    return state_of(pid) == 'S' && before == last;
  });
}

TEST_F(idle_test, costs_no_cpu_time_however_a_process_waits) {
  ramet::queue<int> nothing;
  ramet::queue<int> full{{.maxsize = 1}};
  full.put(1);
  ramet::queue<int> undone;
  undone.put(1);
  ramet::mutex taken;
  taken.lock();
  auto [here, there] = ramet::pipe();
  auto [near, far] = ramet::pipe();
  auto [clogged, clogging] = ramet::pipe();
  while (clogged.try_send(std::string(1000, 'x'))) {
  }

  struct idler {
    const char* how;
    ramet::process process;
  };
  std::vector<idler> idlers;
  auto add = [&](const char* how, auto&&... call) {
    idlers.push_back(
        {how, ramet::process{std::forward<decltype(call)>(call)...}});
  };
  add(
      "get", [](ramet::queue<int> q) { q.get(); }, nothing);
  add(
      "get_for", [](ramet::queue<int> q) { q.get_for(1h); }, nothing);
  add(
      "recv", [](ramet::connection c) { c.recv<int>(); }, std::move(there));
  add(
      "wait",
      [](ramet::queue<int> q, ramet::connection c) {
        ramet::wait(q, c, *ramet::parent_process());
      },
      nothing, std::move(far));
  add(
      "poll",
      [](ramet::queue<int> q) {
        pollfd ready{q.native_handle(), POLLIN, 0};
        ::poll(&ready, 1, -1);
      },
      nothing);
  add(
      "lock", [](ramet::mutex m) { m.lock(); }, taken);
  add(
      "put", [](ramet::queue<int> q) { q.put(2); }, full);
  add(
      "send",
      [](ramet::connection c) {
        while (c.try_send(std::string(1000, 'x'))) {
        }
        c.send(std::string(1000, 'x'));
      },
      std::move(clogging));
  add(
      "queue.join", [](ramet::queue<int> q) { q.join(); }, undone);
  add(
      "process.join, with a child",
      [](ramet::queue<int> q) {
        ramet::process{[](ramet::queue<int> q) { q.get(); }, q}.join();
      },
      nothing);

  for (auto& one : idlers)
    EXPECT_TRUE(settles(one.process.pid())) << one.how;
  // The best of some seconds: what the system does meanwhile (interrupts, or
  // another machine on the same core) counts as the process's own.
  constexpr auto idle = 1ms;
  constexpr auto root_idle = 20ms; // with idle children
  std::vector<std::chrono::nanoseconds> least(idlers.size(), 1h);
  std::chrono::nanoseconds least_own = 1h;
  ramet::queue<int> silent;
  auto all_idle = [&] {
    return least_own < root_idle && std::ranges::all_of(least, [&](auto used) {
             return used < idle;
           });
  };
  for (int second = 0; second < 8 && !all_idle(); ++second) {
    std::vector<std::chrono::nanoseconds> before;
    for (auto& one : idlers)
      before.push_back(cpu_time(one.process.pid()));
    auto own = cpu_time(::getpid());
    EXPECT_FALSE(silent.get_for(1s));
    least_own = std::min(least_own, cpu_time(::getpid()) - own);
    for (std::size_t i = 0; i < idlers.size(); ++i)
      least[i] =
          std::min(least[i], cpu_time(idlers[i].process.pid()) - before[i]);
  }
  for (std::size_t i = 0; i < idlers.size(); ++i)
    EXPECT_LT(least[i], idle) << idlers[i].how;
  EXPECT_LT(least_own, root_idle);

  for (auto& one : idlers) {
    one.process.kill();
    one.process.join();
  }
  taken.unlock();
}

} // namespace

} // namespace ramet_test
