// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/latch.hpp>

#include "sleeper.hpp"

#include <thread>
#include <vector>

namespace {

using namespace std::literals;
using ramet::errc;
using ramet_test::expect_error;
using ramet_test::sleeper;

class latch_test : public ramet_test::leak_check {};

TEST_F(latch_test, lets_all_go_on_when_it_is_zero) {
  ramet::latch done{3};
  auto copy = done;
  sleeper one{[&] { done.wait(); }};
  sleeper other{[&] { EXPECT_TRUE(copy.wait_for(ramet_test::long_enough)); }};
  EXPECT_TRUE(one.falls_asleep());
  EXPECT_TRUE(other.falls_asleep());
  copy.count_down(2);
  EXPECT_FALSE(done.try_wait());
  EXPECT_FALSE(one.done());
  done.count_down();
  EXPECT_TRUE(one.ends());
  EXPECT_TRUE(other.ends());
  EXPECT_TRUE(copy.try_wait());
  done.wait();
}

TEST_F(latch_test, lets_all_arrive_and_go_on_together) {
  ramet::latch together{4};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([together]() mutable { together.arrive_and_wait(); });
  together.arrive_and_wait();
}

TEST_F(latch_test, is_waited_for_no_longer_than_told) {
  ramet::latch never{1};
  auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(never.wait_for(30ms));
  EXPECT_FALSE(never.wait_until(std::chrono::steady_clock::now() + 30ms));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 59ms);
}

TEST_F(latch_test, does_not_go_below_zero) {
  ramet::latch done{2};
  expect_error(errc::protocol, {"by 3", "2 are left"},
               [&] { done.count_down(3); });
  expect_error(errc::protocol, {"-1"}, [&] { done.count_down(-1); });
  done.count_down(2);
  expect_error(errc::protocol, {"0 are left"}, [&] { done.count_down(); });
  expect_error(errc::protocol, {"-2"}, [] { ramet::latch{-2}; });
  EXPECT_TRUE(ramet::latch{0}.try_wait());
}

} // namespace
