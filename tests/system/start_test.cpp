// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "child.hpp"
#include "children.hpp"
#include "system_test.hpp"

#include <ramet/mutex.hpp>
#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>

#include <atomic>
#include <csignal>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ramet_test {

namespace {

using start_test = system_test;

// What a plain fork() would meet half done.
TEST_F(start_test, works_a_thousand_times_while_threads_allocate_and_lock) {
  constexpr int per_thread = 500;
  std::atomic<bool> over{false};
  std::mutex own;
  ramet::mutex shared;
  ramet::queue<int> results;
  std::vector<std::thread> busy;
  for (int i = 0; i < 2; ++i)
    busy.emplace_back([&] {
      std::vector<std::unique_ptr<std::string>> heap(100);
      for (std::size_t i = 0; !over.load(); ++i) {
        std::scoped_lock lock{own, shared};
        heap[i % heap.size()] =
            std::make_unique<std::string>(1 + i % 5000, 'x');
        std::this_thread::yield();
      }
    });
  std::vector<std::thread> starters;
  for (int i = 0; i < 2; ++i)
    starters.emplace_back([&, i] {
      for (int k = 0; k < per_thread; ++k) {
        ramet::process child{
            [](ramet::queue<int> results, int number) { results.put(number); },
            results, i * per_thread + k};
        child.join();
        EXPECT_TRUE(child.status()->success());
      }
    });
  for (auto& one : starters)
    one.join();
  over.store(true);
  for (auto& one : busy)
    one.join();
  std::set<int> seen;
  while (auto one = results.try_get())
    seen.insert(*one);
  EXPECT_EQ(seen.size(), 2U * per_thread);
}

TEST_F(start_test, gives_128_processes_at_once_that_share_one_queue) {
  constexpr int how_many = 128;
  ramet::queue<int> begin;
  ramet::queue<std::pair<int, int>> talk;
  std::vector<ramet::process> all;
  for (int i = 0; i < how_many; ++i)
    all.emplace_back(
        [](int who, ramet::queue<int> begin,
           ramet::queue<std::pair<int, int>> talk) {
          talk.put({who, 0});
          begin.get();
          for (int i = 1; i <= 50; ++i)
            talk.put({who, i});
        },
        i, begin, talk);
  std::vector<int> last(how_many, -1);
  auto take = [&](int count) {
    for (int i = 0; i < count; ++i) {
      auto found = talk.get_for(long_enough);
      ASSERT_TRUE(found);
      auto [who, number] = *found;
      EXPECT_EQ(number, last.at(static_cast<std::size_t>(who)) + 1);
      last[static_cast<std::size_t>(who)] = number;
    }
  };
  take(how_many); // now all are there
  EXPECT_EQ(ramet::active_children().size(), std::size_t{how_many});
  for (int i = 0; i < how_many; ++i)
    begin.put(i);
  take(50 * how_many);
  for (auto& one : all) {
    EXPECT_TRUE(one.join_for(long_enough));
    EXPECT_TRUE(one.status()->success());
  }
}

// Stops the process that says so, at its very end: made before main(), it goes
// after the runtime has left the family.
struct last_stop {
  bool wanted = false;
  ~last_stop() {
    if (wanted)
      ::raise(SIGSTOP);
  }
} last_stop;

// A detached child gives its place in the family up by itself, a moment before
// it ends. Its parent must leave alone whoever has the place then.
TEST_F(start_test, gives_the_place_of_one_that_is_ending_to_another) {
  ramet::queue<int> go;
  ramet::process ending{[](ramet::queue<int> go) {
                          go.get(); // as it must end detached
                          last_stop.wanted = true;
                        },
                        go};
  ending.detach();
  go.put(1);
  auto place = ramet::detail::children::mine().all().at(0)->id().slot;
  ASSERT_TRUE(eventually([&] { return state_of(ending.pid()) == 'T'; }));
  auto [here, there] = ramet::pipe();
  ramet::process next{[](ramet::connection pipe) {
                        while (pipe.recv<int>() != 0)
                          pipe.send(ramet::queue<int>{});
                      },
                      std::move(there)};
  bool same_place = false;
  for (auto& one : ramet::detail::children::mine().all())
    same_place |= one->pid() == next.pid() && one->id().slot == place;
  EXPECT_TRUE(same_place) << "tests nothing";
  here.send(1);
  auto in_use = here.recv<ramet::queue<int>>();
  ASSERT_EQ(::kill(ending.pid(), SIGCONT), 0);
  ending.join();
  in_use.put(2);
  here.send(0);
  next.join();
  EXPECT_TRUE(next.status()->success());
  EXPECT_EQ(in_use.get(), 2);
}

// Processes that start processes are killed while they do.
TEST_F(start_test, leaves_nothing_when_the_starter_is_killed) {
  chance dice;
  for (int round = 0; round < 60; ++round) {
    ramet::process starter{[] {
      for (;;)
        ramet::process{[] {}}.join();
    }};
    pass(dice.within(12ms));
    starter.kill();
    starter.join();
  }
}

} // namespace

} // namespace ramet_test
