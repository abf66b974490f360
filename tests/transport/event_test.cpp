// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/event.hpp>

#include "sleeper.hpp"

#include <atomic>
#include <memory>
#include <vector>

namespace {

using namespace std::literals;
using ramet_test::sleeper;

class event_test : public ramet_test::leak_check {};

TEST_F(event_test, is_set_until_it_is_cleared) {
  ramet::event happened;
  auto copy = happened;
  EXPECT_FALSE(happened.is_set());
  EXPECT_FALSE(happened.try_wait());
  copy.set();
  copy.set();
  EXPECT_TRUE(happened.is_set());
  happened.wait();
  EXPECT_TRUE(happened.try_wait());
  EXPECT_TRUE(happened.wait_for(0s));
  happened.clear();
  EXPECT_FALSE(copy.is_set());
  EXPECT_FALSE(copy.wait_for(0s));
  happened.clear();
  EXPECT_FALSE(copy.is_set());
  copy.set();
  EXPECT_TRUE(happened.wait_until(std::chrono::steady_clock::now() - 1s));
}

TEST_F(event_test, is_waited_for_no_longer_than_told) {
  ramet::event never;
  auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(never.wait_for(30ms));
  EXPECT_FALSE(never.wait_until(std::chrono::system_clock::now() + 30ms));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 59ms);
}

TEST_F(event_test, lets_all_go_on_that_wait) {
  ramet::event happened;
  std::vector<std::unique_ptr<sleeper>> waiting;
  for (int i = 0; i < 3; ++i)
    waiting.push_back(
        std::make_unique<sleeper>([happened] { happened.wait(); }));
  for (auto& one : waiting)
    EXPECT_TRUE(one->falls_asleep());
  happened.set();
  for (auto& one : waiting)
    EXPECT_TRUE(one->ends());
}

TEST_F(event_test, lets_those_go_on_that_wait_though_it_is_cleared_at_once) {
  for (int round = 0; round < 50; ++round) {
    ramet::event happened;
    std::atomic<bool> seen{false};
    sleeper waiting{[&] { seen = happened.wait_for(ramet_test::long_enough); }};
    EXPECT_TRUE(waiting.falls_asleep());
    happened.set();
    happened.clear();
    EXPECT_TRUE(waiting.ends());
    EXPECT_TRUE(seen) << "in round " << round;
  }
}

} // namespace
