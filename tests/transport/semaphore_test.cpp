// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/semaphore.hpp>

#include "sleeper.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace std::literals;
using ramet::errc;
using ramet_test::eventually;
using ramet_test::expect_error;
using ramet_test::sleeper;

class semaphore_test : public ramet_test::leak_check {};

TEST_F(semaphore_test, lets_as_many_in_as_it_has_permits) {
  ramet::counting_semaphore places{2};
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&, places]() mutable {
        for (int n = 0; n < 2'000; ++n) {
          places.acquire();
          int now = ++inside;
          int before = most.load();
          while (before < now && !most.compare_exchange_weak(before, now)) {
          }
          --inside;
          places.release();
        }
      });
  }
  EXPECT_LE(most, 2);
  EXPECT_EQ(places.available(), 2U);
}

TEST_F(semaphore_test, has_the_permits_that_it_was_given) {
  ramet::counting_semaphore<> permits{1};
  auto copy = permits;
  EXPECT_TRUE(permits.try_acquire());
  EXPECT_FALSE(copy.try_acquire());
  copy.release(3);
  EXPECT_EQ(permits.available(), 3U);
  permits.acquire();
  EXPECT_TRUE(permits.try_acquire_for(0s));
  EXPECT_TRUE(permits.try_acquire_until(std::chrono::steady_clock::now()));
  EXPECT_FALSE(permits.try_acquire());
  permits.release(0);
  EXPECT_FALSE(permits.try_acquire());
}

TEST_F(semaphore_test, refuses_to_have_more_than_its_maximum) {
  ramet::bounded_semaphore bounded{2};
  EXPECT_EQ(bounded.max(), 2);
  expect_error(errc::protocol, {"1 permits", "2 are available", "at most 2"},
               [&] { bounded.release(); });
  bounded.acquire();
  expect_error(errc::protocol, {"2 permits", "1 are available"},
               [&] { bounded.release(2); });
  EXPECT_EQ(bounded.available(), 1U);
  bounded.release();
  ramet::binary_semaphore binary{0};
  static_assert(ramet::binary_semaphore::max() == 1);
  binary.release();
  expect_error(errc::protocol, {"at most 1"}, [&] { binary.release(); });
  expect_error(errc::protocol, {"-1"}, [&] { binary.release(-1); });
}

TEST_F(semaphore_test, is_not_made_with_a_number_that_it_cannot_have) {
  expect_error(errc::protocol, {"-1"}, [] { ramet::counting_semaphore<>{-1}; });
  expect_error(errc::protocol, {"3 permits", "0 to 2"},
               [] { ramet::counting_semaphore<2>{3}; });
  expect_error(errc::protocol, {"-5"}, [] { ramet::bounded_semaphore{-5}; });
}

TEST_F(semaphore_test, waits_no_longer_than_told) {
  ramet::counting_semaphore permits{0};
  auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(permits.try_acquire());
  EXPECT_FALSE(permits.try_acquire_for(-1s));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1s);
  start = std::chrono::steady_clock::now();
  EXPECT_FALSE(permits.try_acquire_for(50ms));
  EXPECT_FALSE(
      permits.try_acquire_until(std::chrono::system_clock::now() + 50ms));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 99ms);
}

TEST_F(semaphore_test, lets_as_many_go_on_as_it_is_given_permits) {
  ramet::counting_semaphore permits{0};
  std::vector<std::unique_ptr<sleeper>> waiting;
  for (int i = 0; i < 4; ++i)
    waiting.push_back(
        std::make_unique<sleeper>([permits]() mutable { permits.acquire(); }));
  for (auto& one : waiting)
    EXPECT_TRUE(one->falls_asleep());
  auto gone_on = [&] {
    int result = 0;
    for (auto& one : waiting)
      result += one->done();
    return result;
  };
  permits.release();
  EXPECT_TRUE(eventually([&] { return gone_on() == 1; }));
  permits.release(2);
  EXPECT_TRUE(eventually([&] { return gone_on() == 3; }));
  EXPECT_EQ(permits.available(), 0U);
  EXPECT_EQ(gone_on(), 3);
  permits.release();
  EXPECT_TRUE(eventually([&] { return gone_on() == 4; }));
}

} // namespace
