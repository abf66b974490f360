// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/barrier.hpp>

#include "sleeper.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using namespace std::literals;
using ramet::errc;
using ramet_test::expect_error;
using ramet_test::long_enough;
using ramet_test::sleeper;

class barrier_test : public ramet_test::leak_check {};

TEST_F(barrier_test, lets_nobody_go_on_before_all_have_come) {
  constexpr int parties = 4;
  constexpr int phases = 300;
  ramet::barrier step{parties};
  std::atomic<int> arrived{0};
  std::atomic<int> early{0};
  std::mutex guard;
  std::vector<std::set<std::size_t>> places(phases);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < parties; ++i)
      threads.emplace_back([&, step]() mutable {
        for (int phase = 0; phase < phases; ++phase) {
          ++arrived;
          auto place = step.arrive_and_wait();
          early += arrived.load() < (phase + 1) * parties;
          std::scoped_lock lock{guard};
          places[phase].insert(place);
        }
      });
  }
  EXPECT_EQ(early, 0);
  for (auto& one : places)
    EXPECT_EQ(one, (std::set<std::size_t>{0, 1, 2, 3}));
  EXPECT_EQ(step.parties(), 4U);
  EXPECT_EQ(step.waiting(), 0U);
}

std::atomic<int> completed{0};

TEST_F(barrier_test, runs_its_completion_once_a_phase_before_any_goes_on) {
  completed = 0;
  ramet::barrier step{3, [] { ++completed; }};
  std::atomic<int> late{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i)
      threads.emplace_back([&, step]() mutable {
        for (int phase = 1; phase <= 100; ++phase) {
          step.arrive_and_wait();
          late += completed.load() < phase;
        }
      });
  }
  EXPECT_EQ(completed, 100);
  EXPECT_EQ(late, 0);
}

TEST_F(barrier_test, can_be_arrived_at_without_waiting) {
  ramet::barrier step{3};
  auto mine = step.arrive();
  EXPECT_EQ(step.waiting(), 1U);
  sleeper waiting{[&] { step.wait(step.arrive()); }};
  EXPECT_TRUE(waiting.falls_asleep());
  EXPECT_EQ(step.arrive_and_wait(), 2U);
  step.wait(std::move(mine));
  EXPECT_TRUE(waiting.ends());
  auto all = step.arrive(3);
  step.wait(std::move(all));
}

TEST_F(barrier_test, expects_one_less_when_one_leaves) {
  ramet::barrier step{2};
  step.arrive_and_drop();
  EXPECT_EQ(step.parties(), 2U);
  EXPECT_EQ(step.arrive_and_wait(), 1U);
  EXPECT_EQ(step.parties(), 1U);
  EXPECT_EQ(step.arrive_and_wait(), 0U);
}

TEST_F(barrier_test, lets_no_more_arrive_than_it_was_made_for) {
  ramet::barrier step{2};
  expect_error(errc::protocol, {"3 times", "0 of 2"},
               [&] { static_cast<void>(step.arrive(3)); });
  expect_error(errc::protocol, {"0 times"},
               [&] { static_cast<void>(step.arrive(0)); });
  EXPECT_EQ(step.waiting(), 0U);
  expect_error(errc::protocol, {"-1"}, [] { ramet::barrier{-1}; });
  expect_error(errc::protocol, {"0 of 0"},
               [] { ramet::barrier{0}.arrive_and_wait(); });
}

TEST_F(barrier_test, is_broken_for_all_when_one_gives_up) {
  ramet::barrier step{3};
  sleeper waiting{[&] {
    expect_error(errc::broken, {"gave up", "reset"},
                 [&] { step.arrive_and_wait(); });
  }};
  EXPECT_TRUE(waiting.falls_asleep());
  auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(step.arrive_and_wait_for(50ms));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 49ms);
  EXPECT_TRUE(waiting.ends());
  EXPECT_TRUE(step.broken());
  expect_error(errc::broken, {"gave up"}, [&] { step.arrive_and_wait(); });
}

TEST_F(barrier_test, is_broken_for_all_by_abort) {
  ramet::barrier step{2};
  sleeper waiting{[&] {
    expect_error(errc::broken, {"aborted"},
                 [&] { step.arrive_and_wait_for(long_enough); });
  }};
  EXPECT_TRUE(waiting.falls_asleep());
  step.abort();
  EXPECT_TRUE(waiting.ends());
  expect_error(errc::broken, {"aborted"}, [&] { step.arrive_and_wait(); });
}

TEST_F(barrier_test, says_what_broke_it_first) {
  ramet::barrier step{2};
  EXPECT_FALSE(step.arrive_and_wait_for(1ms));
  step.abort();
  expect_error(errc::broken, {"time was over"},
               [&] { step.arrive_and_wait(); });
}

TEST_F(barrier_test, begins_anew_when_it_is_reset) {
  ramet::barrier step{2};
  sleeper waiting{[&] {
    expect_error(errc::broken, {"reset meanwhile"},
                 [&] { step.arrive_and_wait(); });
  }};
  EXPECT_TRUE(waiting.falls_asleep());
  step.reset();
  EXPECT_TRUE(waiting.ends());
  EXPECT_FALSE(step.broken());
  step.abort();
  step.reset();
  EXPECT_FALSE(step.broken());
  sleeper other{[&] { EXPECT_EQ(step.arrive_and_wait(), 0U); }};
  EXPECT_TRUE(other.falls_asleep());
  EXPECT_EQ(step.arrive_and_wait(), 1U);
  EXPECT_TRUE(other.ends());
  step.reset(); // nobody waits, and it is whole: nothing happens
  auto since = step.arrive();
  static_cast<void>(step.arrive());
  step.wait(std::move(since));
}

TEST_F(barrier_test, remembers_that_a_phase_was_reset) {
  ramet::barrier step{2};
  auto interrupted = step.arrive();
  step.reset();
  auto complete = step.arrive();
  static_cast<void>(step.arrive());
  expect_error(errc::broken, {}, [&] { step.wait(std::move(interrupted)); });
  step.abort();
  step.wait(std::move(complete)); // that one had ended well
}

TEST_F(barrier_test, takes_no_later_phase_for_one_that_was_reset) {
  ramet::barrier pair{2};
  static_cast<void>(pair.arrive());
  pair.reset();
  for (int phase = 0; phase < 300; ++phase) {
    auto first = pair.arrive();
    static_cast<void>(pair.arrive());
    ASSERT_NO_THROW(pair.wait(std::move(first))) << phase;
  }
}

TEST_F(barrier_test, is_broken_when_its_completion_throws) {
  ramet::barrier step{2, [] { throw std::runtime_error("no more paper"); }};
  sleeper waiting{[&] {
    expect_error(errc::broken, {"completion", "exception"},
                 [&] { step.arrive_and_wait(); });
  }};
  EXPECT_TRUE(waiting.falls_asleep());
  EXPECT_THROW(step.arrive_and_wait(), std::runtime_error);
  EXPECT_TRUE(waiting.ends());
  EXPECT_TRUE(step.broken());
}

TEST_F(barrier_test, is_not_complete_if_it_is_reset_during_its_completion) {
  struct resetting {
    ramet::barrier<>* other;
    void operator()() { other->arrive_and_wait(); }
  };
  ramet::barrier<> within{2};
  ramet::barrier step{1, resetting{&within}};
  sleeper last{[&] {
    expect_error(errc::broken, {"reset"}, [&] { step.arrive_and_wait(); });
  }};
  EXPECT_TRUE(last.falls_asleep());
  expect_error(errc::protocol, {"1 of 1"}, [&] { step.arrive_and_wait(); });
  step.reset();
  within.arrive_and_wait();
  EXPECT_TRUE(last.ends());
  EXPECT_FALSE(step.broken());
}

/// What a completion function does to its own barrier: it is made before that.
struct meddling {
  void (*what)(ramet::barrier<meddling>& own) = nullptr;
  std::optional<ramet::barrier<meddling>>* own = nullptr;
  void operator()() { what(**own); }
};

class barrier_that_is_meddled_with : public ramet_test::leak_check {
protected:
  /// One has come already.
  ramet::barrier<meddling>& of_two(void (*what)(ramet::barrier<meddling>&)) {
    step_.emplace(2, meddling{what, &step_});
    static_cast<void>(step_->arrive());
    return *step_;
  }
  void TearDown() override {
    step_.reset();
    leak_check::TearDown();
  }

private:
  std::optional<ramet::barrier<meddling>> step_;
};

TEST_F(barrier_that_is_meddled_with, stays_aborted) {
  auto& step = of_two([](auto& own) { own.abort(); });
  expect_error(errc::broken, {"aborted"}, [&] { step.arrive_and_wait(); });
  EXPECT_TRUE(step.broken());
}

TEST_F(barrier_that_is_meddled_with, keeps_who_has_come_since_a_reset) {
  auto& step = of_two([](auto& own) {
    own.reset();
    static_cast<void>(own.arrive());
  });
  expect_error(errc::broken, {"reset"}, [&] { step.arrive_and_wait(); });
  EXPECT_EQ(step.waiting(), 1U);
}

TEST_F(barrier_that_is_meddled_with, is_not_broken_by_what_was_reset) {
  auto& step = of_two([](auto& own) {
    own.reset();
    throw std::runtime_error{"too late"};
  });
  EXPECT_THROW(step.arrive_and_wait(), std::runtime_error);
  EXPECT_FALSE(step.broken());
}

} // namespace
