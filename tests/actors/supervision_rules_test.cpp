// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// When a child may start again, and how often.

#include "supervised.hpp"

#include <chrono>
#include <initializer_list>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

using ramet::detail::supervised_child;
using ramet::detail::supervised_group;
using time_point = supervised_child::clock::time_point;

constexpr time_point start{1000h};

class restart_pauses : public testing::Test {
protected:
  // It ends at once, again and again.
  void expect_pauses(std::initializer_list<std::chrono::milliseconds> all) {
    for (auto expected : all) {
      EXPECT_EQ(child.begin_pause(rule, now) - now, expected);
      now += expected;
      child.up_since = now;
      now += 1ms;
    }
  }

  supervised_group group;
  supervised_child child{group};
  ramet::restart_pause rule{
      .first = 100ms, .factor = 3, .longest = 2s, .reset_after = 30s};
  time_point now = start;
};

struct restart_counts : testing::Test {};

TEST_F(restart_pauses, begin_with_none_and_grow_up_to_the_longest) {
  child.up_since = now;
  expect_pauses({0ms, 100ms, 300ms, 900ms, 2s, 2s});
}

TEST_F(restart_pauses, are_never_longer_than_the_longest) {
  rule.longest = 50ms;
  child.up_since = now;
  expect_pauses({0ms, 50ms, 50ms});
}

TEST_F(restart_pauses, stay_as_they_are_with_a_factor_of_one) {
  rule.factor = 1;
  child.up_since = now;
  expect_pauses({0ms, 100ms, 100ms, 100ms});
}

TEST_F(restart_pauses, begin_anew_for_a_child_that_has_run_long_enough) {
  child.up_since = now;
  expect_pauses({0ms, 100ms, 300ms});
  now = child.up_since + 30s - 1ms;
  expect_pauses({900ms});
  now = child.up_since + 30s;
  expect_pauses({0ms, 100ms});
}

TEST_F(restart_pauses, grow_while_it_does_not_even_start) {
  child.up_since = now;
  now += 1h;
  for (auto expected : {0ms, 100ms, 300ms, 900ms, 2000ms}) {
    EXPECT_EQ(child.begin_pause(rule, now) - now, expected);
    now += expected + 1min; // that its start has taken
  }
  child.up_since = now;
  now += 30s;
  expect_pauses({0ms, 100ms});
}

TEST_F(restart_counts, are_limited_within_a_time) {
  supervised_group group;
  group.about.max_restarts = 2;
  group.about.within = 5s;
  EXPECT_TRUE(group.may_restart(start));
  EXPECT_TRUE(group.may_restart(start + 4s));
  EXPECT_FALSE(group.may_restart(start + 5s));
  // The first one is of long ago, and what was refused does not count.
  EXPECT_TRUE(group.may_restart(start + 5s + 1ms));
  EXPECT_FALSE(group.may_restart(start + 9s));
  EXPECT_TRUE(group.may_restart(start + 9s + 1ms));
}

TEST_F(restart_counts, of_zero_allow_none) {
  supervised_group group;
  group.about.max_restarts = 0;
  EXPECT_FALSE(group.may_restart(start));
}

} // namespace
