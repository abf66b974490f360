// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/shared_mutex.hpp>

#include "sleeper.hpp"

#include <atomic>
#include <latch>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

namespace {

using namespace std::literals;
using ramet::errc;
using ramet_test::elsewhere;
using ramet_test::expect_error;
using ramet_test::sleeper;

class shared_mutex_test : public ramet_test::leak_check {};

TEST_F(shared_mutex_test, is_held_by_many_to_read_or_by_one_to_write) {
  ramet::shared_mutex lock;
  {
    std::shared_lock reading{lock};
    elsewhere([&] {
      EXPECT_TRUE(lock.try_lock_shared());
      EXPECT_FALSE(lock.try_lock());
      EXPECT_FALSE(lock.try_lock_for(1ms));
      lock.unlock_shared();
    });
  }
  std::unique_lock writing{lock};
  elsewhere([&] {
    EXPECT_FALSE(lock.try_lock_shared());
    EXPECT_FALSE(lock.try_lock_shared_for(1ms));
    EXPECT_FALSE(lock.try_lock());
  });
}

TEST_F(shared_mutex_test, keeps_writers_and_readers_apart) {
  constexpr int rounds = 3'000;
  ramet::shared_mutex lock;
  int first = 0;
  int second = 0;
  std::atomic<int> torn{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&, lock]() mutable {
        for (int n = 0; n < rounds; ++n) {
          std::unique_lock guard{lock};
          ++first;
          ++second;
        }
      });
      threads.emplace_back([&, lock]() mutable {
        for (int n = 0; n < rounds; ++n) {
          std::shared_lock guard{lock};
          torn += first != second;
        }
      });
    }
  }
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(first, 2 * rounds);
}

TEST_F(shared_mutex_test, lets_a_writer_go_before_readers_that_come_later) {
  ramet::shared_mutex lock;
  std::atomic<bool> wrote{false};
  lock.lock_shared();
  sleeper writer{[&] {
    std::unique_lock guard{lock};
    wrote = true;
  }};
  EXPECT_TRUE(writer.falls_asleep());
  EXPECT_FALSE(lock.try_lock_shared());
  sleeper reader{[&] {
    std::shared_lock guard{lock};
    EXPECT_TRUE(wrote);
  }};
  EXPECT_TRUE(reader.falls_asleep());
  EXPECT_FALSE(wrote);
  lock.unlock_shared();
  EXPECT_TRUE(writer.ends());
  EXPECT_TRUE(reader.ends());
}

TEST_F(shared_mutex_test, lets_readers_in_when_a_writer_gives_up) {
  ramet::shared_mutex lock;
  lock.lock_shared();
  sleeper writer{[&] { EXPECT_FALSE(lock.try_lock_for(300ms)); }};
  EXPECT_TRUE(writer.falls_asleep());
  sleeper reader{[&] { std::shared_lock guard{lock}; }};
  EXPECT_TRUE(reader.falls_asleep());
  EXPECT_FALSE(reader.done());
  EXPECT_TRUE(writer.ends());
  EXPECT_TRUE(reader.ends());
  lock.unlock_shared();
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

TEST_F(shared_mutex_test, keeps_no_reader_out_when_a_writer_has_given_up) {
  constexpr int rounds = 200'000;
  ramet::shared_mutex lock;
  lock.lock_shared();
  elsewhere([&] { EXPECT_FALSE(lock.try_lock()); });
  lock.unlock_shared();
  std::atomic<int> kept_out{0};
  std::latch all_are_there{2};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i)
      threads.emplace_back([&, lock]() mutable {
        all_are_there.arrive_and_wait();
        for (int n = 0; n < rounds; ++n)
          if (lock.try_lock_shared())
            lock.unlock_shared();
          else
            ++kept_out;
      });
  }
  EXPECT_EQ(kept_out, 0);
}

TEST_F(shared_mutex_test, waits_no_longer_than_told) {
  ramet::shared_mutex lock;
  auto start = std::chrono::steady_clock::now();
  lock.lock_shared();
  elsewhere([&] {
    EXPECT_FALSE(lock.try_lock_for(20ms));
    EXPECT_FALSE(lock.try_lock_until(std::chrono::steady_clock::now() + 20ms));
  });
  lock.unlock_shared();
  std::unique_lock guard{lock};
  elsewhere([&] {
    EXPECT_FALSE(lock.try_lock_shared_for(20ms));
    EXPECT_FALSE(
        lock.try_lock_shared_until(std::chrono::system_clock::now() + 20ms));
  });
  EXPECT_GE(std::chrono::steady_clock::now() - start, 79ms);
}

TEST_F(shared_mutex_test, is_unlocked_by_who_holds_it_only) {
  ramet::shared_mutex lock;
  expect_error(errc::protocol, {"shared", "not hold"}, [&] { lock.unlock(); });
  expect_error(errc::protocol, {"no thread"}, [&] { lock.unlock_shared(); });
  lock.lock_shared();
  expect_error(errc::protocol, {"not hold"}, [&] { lock.unlock(); });
  lock.unlock_shared();
  std::unique_lock guard{lock};
  expect_error(errc::protocol, {"no thread"}, [&] { lock.unlock_shared(); });
  expect_error(errc::protocol, {"holds already"}, [&] { lock.lock_shared(); });
  expect_error(errc::protocol, {"holds already"}, [&] { lock.lock(); });
}

TEST_F(shared_mutex_test, tells_the_next_reader_that_a_writer_died) {
  ramet::shared_mutex lock;
  elsewhere([&] { lock.lock(); });
  expect_error(errc::owner_died, {"shared", "killed"},
               [&] { lock.lock_shared(); });
  EXPECT_TRUE(lock.try_lock_shared());
  lock.unlock_shared();
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

TEST_F(shared_mutex_test, is_freed_though_a_writer_died) {
  ramet::shared_mutex lock;
  elsewhere([&] { lock.lock(); });
  expect_error(errc::owner_died, {"killed"}, [&] { lock.lock_shared(); });
} // the dead does not keep it

TEST_F(shared_mutex_test, tells_the_next_writer_that_a_writer_died) {
  ramet::shared_mutex lock;
  elsewhere([&] { lock.lock(); });
  expect_error(errc::owner_died, {"killed"}, [&] { lock.try_lock(); });
  EXPECT_FALSE(lock.try_recover());
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

TEST_F(shared_mutex_test, can_be_recovered_after_a_writer_died) {
  ramet::shared_mutex lock;
  EXPECT_FALSE(lock.try_recover());
  elsewhere([&] { lock.lock(); });
  EXPECT_TRUE(lock.try_recover());
  elsewhere([&] { EXPECT_FALSE(lock.try_lock_shared()); });
  lock.unlock();
  EXPECT_TRUE(lock.try_lock_shared());
  lock.unlock_shared();
}

} // namespace
