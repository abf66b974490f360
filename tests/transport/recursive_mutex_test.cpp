// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/recursive_mutex.hpp>

#include "sleeper.hpp"

#include <mutex>
#include <thread>
#include <type_traits>

namespace {

using namespace std::literals;
using ramet::errc;
using ramet_test::elsewhere;
using ramet_test::expect_error;
using ramet_test::sleeper;

class recursive_mutex_test : public ramet_test::leak_check {};

TEST_F(recursive_mutex_test, is_free_when_it_was_unlocked_as_often) {
  ramet::recursive_mutex lock;
  auto copy = lock;
  std::unique_lock once{lock};
  std::unique_lock twice{copy};
  EXPECT_TRUE(lock.try_lock());
  EXPECT_TRUE(lock.try_lock_for(0s));
  auto is_free = [&] {
    bool result = false;
    elsewhere([&] {
      result = lock.try_lock();
      if (result)
        lock.unlock();
    });
    return result;
  };
  lock.unlock();
  lock.unlock();
  EXPECT_FALSE(is_free());
  twice.unlock();
  EXPECT_FALSE(is_free());
  once.unlock();
  EXPECT_TRUE(is_free());
}

TEST_F(recursive_mutex_test, is_unlocked_by_its_owner_only) {
  ramet::recursive_mutex lock;
  expect_error(errc::protocol, {"recursive", "not hold"},
               [&] { lock.unlock(); });
  std::scoped_lock guard{lock};
  elsewhere([&] {
    expect_error(errc::protocol, {"not hold"}, [&] { lock.unlock(); });
  });
}

TEST_F(recursive_mutex_test, waits_no_longer_than_told) {
  ramet::recursive_mutex lock;
  std::scoped_lock guard{lock};
  elsewhere([&] {
    auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(lock.try_lock_for(30ms));
    EXPECT_FALSE(lock.try_lock_until(std::chrono::steady_clock::now() + 20ms));
    EXPECT_GE(std::chrono::steady_clock::now() - start, 49ms);
  });
}

TEST_F(recursive_mutex_test, lets_the_next_in_when_it_is_free) {
  ramet::recursive_mutex lock;
  lock.lock();
  lock.lock();
  sleeper next{[&] { std::scoped_lock guard{lock}; }};
  EXPECT_TRUE(next.falls_asleep());
  lock.unlock();
  EXPECT_FALSE(next.done());
  lock.unlock();
  EXPECT_TRUE(next.ends());
}

TEST_F(recursive_mutex_test, tells_once_that_its_owner_died) {
  ramet::recursive_mutex lock;
  elsewhere([&] {
    lock.lock();
    lock.lock();
  });
  expect_error(errc::owner_died, {"recursive", "killed"},
               [&] { lock.try_lock(); });
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
  expect_error(errc::protocol, {}, [&] { lock.unlock(); });
}

// The system gives the id of a thread that ended to the next.
TEST_F(recursive_mutex_test, takes_no_later_thread_for_its_owner) {
  ramet::recursive_mutex lock;
  for (int i = 0; i < 3; ++i) {
    elsewhere([&] { lock.lock(); });
    elsewhere([&] {
      expect_error(errc::protocol, {"not hold"}, [&] { lock.unlock(); });
      expect_error(errc::owner_died, {"killed"}, [&] { lock.lock(); });
    });
    elsewhere([&] { lock.lock(); });
    elsewhere([&] {
      EXPECT_TRUE(lock.try_recover());
      lock.unlock();
    });
  }
}

TEST_F(recursive_mutex_test, can_be_recovered_and_is_held_once_then) {
  ramet::recursive_mutex lock;
  EXPECT_FALSE(lock.try_recover());
  elsewhere([&] {
    lock.lock();
    lock.lock();
  });
  EXPECT_TRUE(lock.try_recover());
  EXPECT_FALSE(lock.try_recover());
  lock.unlock();
  elsewhere([&] {
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
  });
}

static_assert(
    std::is_same_v<ramet::recursive_timed_mutex, ramet::recursive_mutex>);

} // namespace
