// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/condition_variable.hpp>
#include <ramet/mutex.hpp>
#include <ramet/recursive_mutex.hpp>
#include <ramet/shared_mutex.hpp>

#include "sleeper.hpp"

#include <algorithm>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using namespace std::literals;
using ramet::errc;
using ramet_test::elsewhere;
using ramet_test::eventually;
using ramet_test::expect_error;
using ramet_test::long_enough;
using ramet_test::sleeper;

/// Threads that wait, once each, for a notification and nothing else.
class condition_variable_test : public ramet_test::leak_check {
protected:
  void wait_in_threads(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      waiting_.push_back(std::make_unique<sleeper>(
          [lock = lock_, changed = changed_]() mutable {
            std::unique_lock guard{lock};
            changed.wait(guard);
          }));
      EXPECT_TRUE(waiting_.back()->falls_asleep());
    }
  }
  long gone_on() {
    return std::ranges::count_if(waiting_,
                                 [](auto& one) { return one->done(); });
  }
  bool comes_to(long count) {
    return eventually([&] { return gone_on() == count; });
  }
  void TearDown() override {
    changed_.notify_all();
    waiting_.clear();
    leak_check::TearDown();
  }

  ramet::mutex lock_;
  ramet::condition_variable changed_;
  std::vector<std::unique_ptr<sleeper>> waiting_;
};

TEST_F(condition_variable_test, lets_as_many_go_on_as_are_notified) {
  wait_in_threads(6);
  changed_.notify_one();
  EXPECT_TRUE(comes_to(1));
  changed_.notify_n(2);
  EXPECT_TRUE(comes_to(3));
  std::this_thread::yield();
  EXPECT_EQ(gone_on(), 3);
  changed_.notify_all();
  EXPECT_TRUE(comes_to(6));
}

TEST_F(condition_variable_test, lets_all_go_on_if_they_are_fewer) {
  wait_in_threads(2);
  changed_.notify_n(5);
  EXPECT_TRUE(comes_to(2));
  std::unique_lock guard{lock_}; // and keeps nothing for later
  EXPECT_EQ(changed_.wait_for(guard, 20ms), std::cv_status::timeout);
}

TEST_F(condition_variable_test, forgets_a_notification_for_which_nobody_waits) {
  changed_.notify_one();
  changed_.notify_all();
  std::unique_lock guard{lock_};
  EXPECT_EQ(changed_.wait_for(guard, 20ms), std::cv_status::timeout);
  EXPECT_TRUE(guard.owns_lock());
}

TEST_F(condition_variable_test, gives_no_later_waiter_an_earlier_ones_turn) {
  wait_in_threads(1);
  std::unique_lock guard{lock_};
  changed_.notify_one(); // it cannot take its turn, as we hold the mutex
  EXPECT_EQ(changed_.wait_for(guard, 50ms), std::cv_status::timeout);
  guard.unlock();
  EXPECT_TRUE(comes_to(1));
}

TEST_F(condition_variable_test, takes_nobodys_turn_when_it_gives_up) {
  wait_in_threads(1);
  {
    std::unique_lock guard{lock_};
    EXPECT_EQ(changed_.wait_for(guard, 20ms), std::cv_status::timeout);
  }
  wait_in_threads(1);
  EXPECT_EQ(gone_on(), 0);
  changed_.notify_n(2);
  EXPECT_TRUE(comes_to(2));
}

TEST_F(condition_variable_test, waits_until_something_is_true) {
  int value = 0;
  sleeper waiting{[&] {
    std::unique_lock guard{lock_};
    changed_.wait(guard, [&] { return value == 2; });
    EXPECT_TRUE(guard.owns_lock());
    EXPECT_EQ(value, 2);
  }};
  EXPECT_TRUE(waiting.falls_asleep());
  for (int i = 1; i <= 2; ++i) {
    EXPECT_FALSE(waiting.done());
    std::unique_lock guard{lock_};
    value = i;
    changed_.notify_all();
  }
  EXPECT_TRUE(waiting.ends());
}

TEST_F(condition_variable_test, waits_no_longer_than_told) {
  auto start = std::chrono::steady_clock::now();
  std::unique_lock guard{lock_};
  auto no = [] { return false; };
  EXPECT_EQ(changed_.wait_for(guard, 20ms), std::cv_status::timeout);
  EXPECT_EQ(changed_.wait_until(guard, std::chrono::system_clock::now() + 20ms),
            std::cv_status::timeout);
  EXPECT_FALSE(changed_.wait_for(guard, 20ms, no));
  EXPECT_FALSE(
      changed_.wait_until(guard, std::chrono::steady_clock::now() + 20ms, no));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 79ms);
  EXPECT_TRUE(changed_.wait_for(guard, -1s, [] { return true; }));
}

TEST_F(condition_variable_test, goes_with_every_mutex) {
  ramet::recursive_mutex recursive;
  ramet::shared_mutex shared;
  elsewhere([&] {
    std::unique_lock guard{recursive};
    EXPECT_EQ(changed_.wait_for(guard, 1ms), std::cv_status::timeout);
  });
  elsewhere([&] {
    std::unique_lock guard{shared};
    EXPECT_EQ(changed_.wait_for(guard, 1ms), std::cv_status::timeout);
  });
  elsewhere([&] {
    std::shared_lock guard{shared};
    EXPECT_EQ(changed_.wait_for(guard, 1ms), std::cv_status::timeout);
  });
  elsewhere([&] {
    lock_.lock();
    EXPECT_EQ(changed_.wait_for(lock_, 1ms), std::cv_status::timeout);
    lock_.unlock();
  });
}

TEST_F(condition_variable_test, is_not_waited_at_without_the_mutex) {
  expect_error(errc::protocol, {"not hold"}, [&] { changed_.wait(lock_); });
  wait_in_threads(1); // and nobody is left over
  changed_.notify_one();
  EXPECT_TRUE(comes_to(1));
}

/// Not held when it is to be unlocked, and notified just before that.
struct lost_lock {
  ramet::condition_variable changed;
  void lock() {}
  void unlock() {
    changed.notify_one();
    throw std::runtime_error{"not held"};
  }
};

TEST_F(condition_variable_test, keeps_no_turn_of_one_who_could_not_wait) {
  lost_lock lost{changed_};
  EXPECT_THROW(changed_.wait(lost), std::runtime_error);
  wait_in_threads(1);
  changed_.notify_one();
  EXPECT_TRUE(comes_to(1));
}

TEST_F(condition_variable_test, passes_a_turn_on_if_it_cannot_wait) {
  constexpr int rounds = 50;
  lost_lock lost{changed_};
  for (int i = 1; i <= rounds; ++i) {
    wait_in_threads(1);
    // Either of the two is first to take the one turn that there is.
    EXPECT_THROW(changed_.wait(lost), std::runtime_error);
    ASSERT_TRUE(comes_to(i));
  }
}

TEST_F(condition_variable_test, says_that_the_mutexs_owner_died) {
  sleeper waiting{[&] {
    expect_error(errc::owner_died, {"killed"}, [&] {
      std::unique_lock guard{lock_};
      changed_.wait(guard);
    });
  }};
  EXPECT_TRUE(waiting.falls_asleep());
  elsewhere([&] {
    lock_.lock();
    changed_.notify_one();
  });
  EXPECT_TRUE(waiting.ends());
  EXPECT_TRUE(lock_.try_lock());
  lock_.unlock();
}

TEST_F(condition_variable_test, loses_no_turn_of_a_bounded_buffer) {
  constexpr int items = 4'000;
  std::vector<int> buffer;
  ramet::condition_variable room;
  long sum = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&, lock = lock_]() mutable {
        for (int i = 1; i <= items; ++i) {
          std::unique_lock guard{lock};
          room.wait(guard, [&] { return buffer.size() < 2; });
          buffer.push_back(i);
          changed_.notify_one();
        }
      });
      threads.emplace_back([&, lock = lock_]() mutable {
        for (int i = 0; i < items; ++i) {
          std::unique_lock guard{lock};
          changed_.wait(guard, [&] { return !buffer.empty(); });
          sum += buffer.back();
          buffer.pop_back();
          room.notify_one();
        }
      });
    }
  }
  EXPECT_EQ(sum, 2L * items * (items + 1) / 2);
}

} // namespace
