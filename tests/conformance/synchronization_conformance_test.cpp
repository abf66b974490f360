// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Locks, meeting points and shared memory, between a process and its children.

#include "every_start_method.hpp"
#include "forked.hpp"

#include <ramet/barrier.hpp>
#include <ramet/condition_variable.hpp>
#include <ramet/event.hpp>
#include <ramet/latch.hpp>
#include <ramet/mutex.hpp>
#include <ramet/queue.hpp>
#include <ramet/recursive_mutex.hpp>
#include <ramet/semaphore.hpp>
#include <ramet/shared_array.hpp>
#include <ramet/shared_memory.hpp>
#include <ramet/shared_mutex.hpp>
#include <ramet/shared_value.hpp>

#include <array>
#include <csignal>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

namespace ramet::test {

namespace {

class synchronization_conformance : public conformance {};
RAMET_BY_EVERY_START_METHOD(synchronization_conformance);

constexpr int rounds = 2'000;

template <class Lock>
void count_under(Lock lock, raw_shared_value<int> total) {
  for (int i = 0; i < rounds; ++i) {
    std::scoped_lock guard{lock};
    ++total.unlocked();
  }
}

// -- locks --------------------------------------------------------------------

template <class Lock, class Start>
void expect_exclusion(Start start) {
  Lock lock;
  raw_shared_value<int> total{0};
  auto one = start(count_under<Lock>, lock, total);
  auto other = start(count_under<Lock>, lock, total);
  count_under(lock, total);
  one.join();
  other.join();
  EXPECT_EQ(total.unlocked(), 3 * rounds);
}

TEST_P(synchronization_conformance, locks_let_one_in_at_a_time) {
  auto start_one = [](auto&&... given) { return start(given...); };
  expect_exclusion<mutex>(start_one);
  expect_exclusion<recursive_mutex>(start_one);
  expect_exclusion<shared_mutex>(start_one);
}

TEST_P(synchronization_conformance, lock_of_another_is_seen_and_not_unlocked) {
  mutex lock;
  recursive_mutex again;
  event held;
  event enough;
  auto child = start(
      [](mutex one, recursive_mutex two, event said, event until) {
        std::scoped_lock guard{one, two};
        said.set();
        until.wait();
      },
      lock, again, held, enough);
  held.wait();
  EXPECT_FALSE(lock.try_lock());
  EXPECT_FALSE(again.try_lock_for(1ms));
  EXPECT_THROW(lock.unlock(), error);
  EXPECT_THROW(again.unlock(), error);
  enough.set();
  EXPECT_TRUE(lock.try_lock_for(20s));
  lock.unlock();
  child.join();
}

void hold_for_ever(mutex lock, queue<int> pids) {
  lock.lock();
  pids.put(::getpid());
  queue<int>{}.get();
}

// The system tells it, not only who collects the dead.
TEST_P(synchronization_conformance, lock_of_the_dead_waits_for_no_undertaker) {
  if (!traits().own_process)
    return;
  mutex lock;
  queue<int> pids;
  process between{
      [](mutex lock, queue<int> pids, start_method method) {
        process{{.start = method}, hold_for_ever, lock, pids}.join();
      },
      lock, pids, method()};
  auto holder = pids.get();
  ::kill(between.pid(), SIGSTOP);
  EXPECT_TRUE(eventually([&] {
    return proc_text(between.pid(), "stat").find(") T ") != std::string::npos;
  }));
  ::kill(holder, SIGKILL);
  try {
    lock.try_lock_for(20s);
    ADD_FAILURE() << "nobody died";
  } catch (const error& told) {
    EXPECT_EQ(told.code(), errc::owner_died);
  }
  ::kill(between.pid(), SIGCONT);
  between.join();
}

TEST_P(synchronization_conformance, readers_share_what_writers_do_not) {
  shared_mutex lock;
  latch reading{2};
  event enough;
  auto child = start(
      [](shared_mutex one, latch both, event until) {
        std::shared_lock guard{one};
        both.count_down();
        until.wait();
      },
      lock, reading, enough);
  {
    std::shared_lock guard{lock};
    reading.arrive_and_wait();
  }
  EXPECT_FALSE(lock.try_lock());
  enough.set();
  EXPECT_TRUE(lock.try_lock_for(20s));
  lock.unlock();
  child.join();
}

// -- semaphores ---------------------------------------------------------------

void use_place(counting_semaphore<> places, shared_value<int> inside,
               shared_value<int> most) {
  for (int i = 0; i < 200; ++i) {
    places.acquire();
    int now = inside.fetch_add(1) + 1;
    {
      auto record = most.lock();
      if (*record < now)
        *record = now;
    }
    inside.fetch_sub(1);
    places.release();
  }
}

TEST_P(synchronization_conformance, semaphore_lets_so_many_in) {
  counting_semaphore places{2};
  shared_value<int> inside{0};
  shared_value<int> most{0};
  std::vector<process> users;
  for (int i = 0; i < 3; ++i)
    users.push_back(start(use_place, places, inside, most));
  for (auto& one : users)
    one.join();
  EXPECT_LE(most.load(), 2);
  EXPECT_EQ(places.available(), 2U);
  bounded_semaphore bounded{1};
  EXPECT_THROW(bounded.release(), error);
}

TEST_P(synchronization_conformance, semaphores_signal_to_and_fro) {
  counting_semaphore to{0};
  counting_semaphore fro{0};
  auto child = start(
      [](counting_semaphore<> in, counting_semaphore<> out) {
        for (int i = 0; i < 100; ++i) {
          in.acquire();
          out.release();
        }
      },
      to, fro);
  for (int i = 0; i < 100; ++i) {
    to.release();
    ASSERT_TRUE(fro.try_acquire_for(20s));
  }
  child.join();
  EXPECT_FALSE(fro.try_acquire());
}

// -- condition variables ------------------------------------------------------

struct meeting {
  mutex lock;
  condition_variable changed;
  shared_value<int> waiting{0};
  shared_value<int> gone_on{0};
  event over;
};

void wait_there(meeting here) {
  std::unique_lock guard{here.lock};
  here.waiting.fetch_add(1);
  here.changed.wait(guard);
  here.gone_on.fetch_add(1);
  guard.unlock();
  here.over.wait(); // as a process's end may wake all
}

TEST_P(synchronization_conformance, condition_lets_one_some_or_all_go_on) {
  meeting here;
  std::vector<process> waiting;
  for (int i = 0; i < 4; ++i)
    waiting.push_back(start(wait_there, here));
  auto all_wait = [&] {
    std::scoped_lock guard{here.lock}; // so that they do not only come to
    return here.waiting.load() == 4;
  };
  ASSERT_TRUE(eventually(all_wait));
  here.changed.notify_one();
  EXPECT_TRUE(eventually([&] { return here.gone_on.load() == 1; }));
  here.changed.notify_all();
  EXPECT_TRUE(eventually([&] { return here.gone_on.load() == 4; }));
  here.over.set();
  for (auto& one : waiting)
    one.join();
}

TEST_P(synchronization_conformance, condition_is_waited_for_until_it_is_so) {
  meeting here;
  auto child = start(
      [](meeting there) {
        for (int i = 1; i <= 5; ++i) {
          std::scoped_lock guard{there.lock};
          there.waiting.store(i);
          there.changed.notify_one();
        }
      },
      here);
  std::unique_lock guard{here.lock};
  EXPECT_TRUE(here.changed.wait_for(guard, 20s,
                                    [&] { return here.waiting.load() == 5; }));
  guard.unlock();
  child.join(); // a process's end may wake all
  guard.lock();
  EXPECT_EQ(here.changed.wait_for(guard, 10ms), std::cv_status::timeout);
}

// -- events, latches, barriers ------------------------------------------------

TEST_P(synchronization_conformance, event_lets_all_go_on_until_it_is_cleared) {
  event ready;
  queue<bool> seen;
  auto look = [](event when, queue<bool> out) { out.put(when.wait_for(20s)); };
  auto one = start(look, ready, seen);
  auto other = start(look, ready, seen);
  ready.set();
  EXPECT_TRUE(seen.get());
  EXPECT_TRUE(seen.get());
  one.join();
  other.join();
  auto clearer = start([](event when) { when.clear(); }, ready);
  clearer.join();
  EXPECT_FALSE(ready.is_set());
  EXPECT_FALSE(ready.wait_for(1ms));
}

TEST_P(synchronization_conformance, latch_is_counted_down_by_children) {
  latch done{3};
  std::vector<process> children;
  for (int i = 0; i < 3; ++i)
    children.push_back(start([](latch all) { all.count_down(); }, done));
  EXPECT_TRUE(done.wait_for(20s));
  for (auto& one : children)
    one.join();
}

struct count_phase {
  shared_value<int> phases;
  void operator()() { phases.fetch_add(1); }
};

void take_steps(barrier<count_phase> step, queue<std::size_t> places) {
  for (int i = 0; i < 20; ++i)
    places.put(step.arrive_and_wait());
}

TEST_P(synchronization_conformance, barrier_brings_all_together_in_each_phase) {
  shared_value<int> phases{0};
  barrier step{3, count_phase{phases}};
  queue<std::size_t> places;
  auto one = start(take_steps, step, places);
  auto other = start(take_steps, step, places);
  take_steps(step, places);
  one.join();
  other.join();
  EXPECT_EQ(phases.load(), 20);
  std::multiset<std::size_t> all;
  while (auto place = places.try_get())
    all.insert(*place);
  for (std::size_t place = 0; place < 3; ++place)
    EXPECT_EQ(all.count(place), 20U);
}

TEST_P(synchronization_conformance, barrier_breaks_and_is_mended) {
  barrier step{2};
  auto child = start(
      [](barrier<> here) {
        while (here.waiting() == 0)
          std::this_thread::yield();
        here.abort();
      },
      step);
  EXPECT_THROW(step.arrive_and_wait(), error);
  child.join();
  EXPECT_TRUE(step.broken());
  step.reset();
  auto party = start([](barrier<> here) { here.arrive_and_wait(); }, step);
  step.arrive_and_wait();
  party.join();
  EXPECT_FALSE(step.arrive_and_wait_for(10ms));
  EXPECT_TRUE(step.broken());
}

// -- memory -------------------------------------------------------------------

TEST_P(synchronization_conformance, memory_is_found_by_its_name) {
  auto block = shared_memory::create(4'000);
  auto child = start(
      [](const std::string& name) {
        auto same = shared_memory::attach(name);
        same.as<int>()[999] = static_cast<int>(same.size());
      },
      block.name());
  child.join();
  EXPECT_EQ(block.as<int>()[999], 4'000);
  EXPECT_TRUE(block.unlink());
  EXPECT_FALSE(shared_memory::try_attach(block.name()));
}

TEST_P(synchronization_conformance, values_and_arrays_are_the_same_for_all) {
  shared_value<long> value{1};
  shared_array<double> zeroed(3);
  auto child = start(
      [](shared_value<long> one, shared_array<double> all) {
        *one.lock() += 41;
        for (double& x : all.lock())
          x += 0.5;
      },
      value, zeroed);
  child.join();
  EXPECT_EQ(value.load(), 42);
  EXPECT_EQ(zeroed.unlocked()[2], 0.5);
}

using word = std::array<char, 16>;
using item = std::variant<std::monostate, long, double, bool, word>;

TEST_P(synchronization_conformance, list_may_have_values_of_different_types) {
  shared_array<item> list(5);
  list.unlocked()[0] = 7L;
  list.unlocked()[1] = word{"seven"};
  auto child = start(
      [](shared_array<item> all) {
        auto items = all.lock();
        items[2] = std::get<long>(items[0]) + 0.5;
        items[3] = std::string{std::get<word>(items[1]).data()} == "seven";
        items[0] = word{"eight"};
      },
      list);
  child.join();
  auto items = list.unlocked();
  EXPECT_EQ(std::get<double>(items[2]), 7.5);
  EXPECT_TRUE(std::get<bool>(items[3]));
  EXPECT_STREQ(std::get<word>(items[0]).data(), "eight");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(items[4]));
}

} // namespace

} // namespace ramet::test
