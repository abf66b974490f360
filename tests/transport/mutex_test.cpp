// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/mutex.hpp>
#include <ramet/queue.hpp>

#include "leak_check.hpp"
#include "sleeper.hpp"

#include <atomic>
#include <latch>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace {

using namespace std::literals;
using ramet::errc;
using ramet_test::elsewhere;
using ramet_test::expect_error;
using ramet_test::long_enough;

void die_holding(ramet::mutex& lock) {
  elsewhere([&] { lock.lock(); });
}

class shared_mutex_of_many : public ramet_test::leak_check {};
class mutex_whose_owner_died : public ramet_test::leak_check {};

TEST_F(shared_mutex_of_many, lets_one_in_at_a_time) {
  constexpr int rounds = 20'000;
  ramet::mutex lock;
  int counter = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&counter, lock]() mutable { // a handle of its own
        for (int n = 0; n < rounds; ++n) {
          std::scoped_lock guard{lock};
          ++counter;
        }
      });
  }
  EXPECT_EQ(counter, 4 * rounds);
}

TEST_F(shared_mutex_of_many, is_the_same_one_in_all_copies) {
  ramet::mutex lock;
  auto copy = lock;
  auto moved = std::move(copy);
  ramet::mutex assigned;
  assigned = lock;
  std::unique_lock guard{lock};
  elsewhere([&] {
    EXPECT_FALSE(moved.try_lock());
    EXPECT_FALSE(copy.try_lock()) << "a handle moved from is still one";
    EXPECT_FALSE(assigned.try_lock());
  });
  guard.unlock();
  elsewhere([&] {
    ASSERT_TRUE(moved.try_lock());
    copy.unlock();
  });
}

TEST_F(shared_mutex_of_many, waits_no_longer_than_told) {
  ramet::mutex lock;
  std::scoped_lock guard{lock};
  elsewhere([&] {
    auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(lock.try_lock());
    EXPECT_FALSE(lock.try_lock_for(-1s));
    EXPECT_FALSE(lock.try_lock_for(20ms));
    EXPECT_FALSE(lock.try_lock_until(std::chrono::steady_clock::now() + 20ms));
    EXPECT_FALSE(lock.try_lock_until(std::chrono::system_clock::now() + 20ms));
    EXPECT_GE(std::chrono::steady_clock::now() - start, 59ms);
  });
}

TEST_F(shared_mutex_of_many, is_got_at_once_when_free) {
  ramet::mutex lock;
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
  EXPECT_TRUE(lock.try_lock_for(0s));
  lock.unlock();
  EXPECT_TRUE(lock.try_lock_for(std::chrono::hours::max()));
  lock.unlock();
  EXPECT_TRUE(lock.try_lock_until(std::chrono::steady_clock::now()));
  lock.unlock();
}

TEST_F(shared_mutex_of_many, is_handed_to_one_who_waits_for_a_time) {
  ramet::mutex lock;
  std::latch waiting{1};
  lock.lock();
  std::jthread other{[&] {
    waiting.count_down();
    ASSERT_TRUE(lock.try_lock_for(long_enough));
    lock.unlock();
  }};
  waiting.wait();
  lock.unlock();
}

TEST_F(shared_mutex_of_many, works_with_the_standards_locks) {
  ramet::mutex one;
  ramet::mutex other;
  {
    std::scoped_lock both{one, other};
    elsewhere([&] {
      EXPECT_FALSE(one.try_lock());
      EXPECT_FALSE(other.try_lock());
    });
  }
  {
    std::unique_lock guard{one, std::try_to_lock};
    EXPECT_TRUE(guard.owns_lock());
  }
  std::unique_lock guard{one, 10ms};
  EXPECT_TRUE(guard.owns_lock());
}

TEST_F(shared_mutex_of_many, locking_it_twice_is_an_error_and_no_deadlock) {
  ramet::mutex lock;
  std::scoped_lock guard{lock};
  auto why = {"this thread holds already"sv, "unlock it first"sv};
  expect_error(errc::protocol, why, [&] { lock.lock(); });
  expect_error(errc::protocol, why, [&] { lock.try_lock(); });
  expect_error(errc::protocol, why, [&] { lock.try_lock_for(long_enough); });
  expect_error(errc::protocol, why, [&] { lock.try_recover(); });
}

TEST_F(shared_mutex_of_many, unlocking_what_one_does_not_hold_is_an_error) {
  ramet::mutex lock;
  auto why = {"unlocking a mutex that this thread does not hold"sv};
  expect_error(errc::protocol, why, [&] { lock.unlock(); });
  std::scoped_lock guard{lock};
  elsewhere([&] { expect_error(errc::protocol, why, [&] { lock.unlock(); }); });
  elsewhere([&] { EXPECT_FALSE(lock.try_lock()) << "still held"; });
}

// -- death --------------------------------------------------------------------

TEST_F(shared_mutex_of_many, stays_locked_without_a_handle) {
  ramet::queue<ramet::mutex> way;
  auto lock = std::make_unique<ramet::mutex>();
  way.put(*lock);
  lock->lock();
  lock.reset();
  auto same = way.get();
  elsewhere([&] { EXPECT_FALSE(same.try_lock()); });
  same.unlock(); // by whom it belongs to
  elsewhere([&] {
    EXPECT_TRUE(same.try_lock());
    same.unlock();
  });
}

TEST_F(shared_mutex_of_many, is_waited_for_until_any_time_point) {
  using namespace std::chrono;
  ramet::mutex lock;
  std::unique_lock guard{lock};
  elsewhere([&] {
    EXPECT_FALSE(lock.try_lock_until(system_clock::time_point::min()));
    EXPECT_FALSE(lock.try_lock_until(steady_clock::time_point::min()));
    EXPECT_FALSE(lock.try_lock_until(sys_days{year{1066} / 10 / 14}));
    EXPECT_FALSE(lock.try_lock_until(system_clock::now() - 1s));
    EXPECT_FALSE(lock.try_lock_until(steady_clock::now() + 10ms));
  });
  ramet_test::sleeper far{[&] {
    EXPECT_TRUE(lock.try_lock_until(sys_days{year{9999} / 12 / 31}));
    lock.unlock();
    EXPECT_TRUE(lock.try_lock_until(steady_clock::time_point::max()));
    lock.unlock();
  }};
  EXPECT_TRUE(far.falls_asleep());
  guard.unlock();
  EXPECT_TRUE(far.ends());
}

TEST_F(mutex_whose_owner_died, says_so_once_and_is_then_free) {
  ramet::mutex lock;
  die_holding(lock);
  expect_error(errc::owner_died, {"killed", "half changed", "free again"},
               [&] { lock.lock(); });
  elsewhere([&] {
    EXPECT_TRUE(lock.try_lock()) << "it is held by who was told";
    lock.unlock();
  });
  std::scoped_lock guard{lock};
}

TEST_F(mutex_whose_owner_died, says_so_to_every_locking_verb) {
  ramet::mutex lock;
  die_holding(lock);
  expect_error(errc::owner_died, {}, [&] { lock.try_lock(); });
  die_holding(lock);
  expect_error(errc::owner_died, {}, [&] { lock.try_lock_for(long_enough); });
  die_holding(lock);
  expect_error(errc::owner_died, {}, [&] { lock.try_lock_for(0s); });
  die_holding(lock);
  expect_error(errc::owner_died, {}, [&] {
    lock.try_lock_until(std::chrono::steady_clock::now() + long_enough);
  });
  die_holding(lock);
  expect_error(errc::owner_died, {}, [&] { std::scoped_lock guard{lock}; });
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

TEST_F(mutex_whose_owner_died, can_be_taken_over_without_an_exception) {
  ramet::mutex lock;
  die_holding(lock);
  ASSERT_TRUE(lock.try_recover());
  elsewhere([&] { EXPECT_FALSE(lock.try_lock()) << "it is ours"; });
  lock.unlock();
  EXPECT_TRUE(lock.try_lock()) << "an ordinary mutex again";
  lock.unlock();
}

TEST_F(mutex_whose_owner_died, is_not_what_recovering_finds_otherwise) {
  ramet::mutex lock;
  EXPECT_FALSE(lock.try_recover());
  elsewhere([&] {
    EXPECT_TRUE(lock.try_lock()) << "a free mutex stays free";
    lock.unlock();
  });
  std::scoped_lock guard{lock};
  elsewhere([&] { EXPECT_FALSE(lock.try_recover()); });
}

TEST_F(mutex_whose_owner_died, tells_one_of_those_who_wait) {
  ramet::mutex lock;
  std::atomic<int> told{0};
  std::atomic<int> locked{0};
  std::vector<std::jthread> waiting;
  std::latch held{1};
  std::latch ready{4};
  std::jthread owner{[&] {
    lock.lock();
    held.count_down();
    ready.wait();
  }};
  held.wait();
  for (int i = 0; i < 3; ++i)
    waiting.emplace_back([&] {
      ready.count_down();
      try {
        std::scoped_lock guard{lock};
        ++locked;
      } catch (const ramet::error& e) {
        EXPECT_EQ(e.code(), errc::owner_died);
        ++told;
      }
    });
  ready.count_down();
  waiting.clear();
  EXPECT_EQ(told, 1);
  EXPECT_EQ(locked, 2);
}

} // namespace
