// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "promised.hpp"

#include <ramet/error.hpp>
#include <ramet/future.hpp>
#include <ramet/task_failure.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace ramet::test {

namespace {

using namespace std::chrono_literals;

std::exception_ptr city_failure() {
  return std::make_exception_ptr(task_failure{
      "looking up a city: no such city",
      remote_exception{"std::out_of_range", "no such city", "#0 f", "p", 7}});
}

TEST(future_test, gives_the_value_once) {
  promised<std::string> p;
  EXPECT_TRUE(p.result.valid());
  EXPECT_TRUE(p.state->complete("Oslo"));
  EXPECT_TRUE(p.result.ready());
  EXPECT_EQ(p.result.get(), "Oslo");
  EXPECT_FALSE(p.result.valid());
  EXPECT_EQ(code_of([&] { p.result.get(); }), errc::closed);
  EXPECT_EQ(code_of([&] { p.result.ready(); }), errc::closed);
}

TEST(future_test, may_be_of_what_can_only_be_moved) {
  promised<std::unique_ptr<int>> p;
  p.state->complete(std::make_unique<int>(7));
  EXPECT_EQ(*p.result.get(), 7);
}

TEST(future_test, may_be_of_what_has_no_default) {
  struct picky {
    explicit picky(int x) : value(x) {}
    int value;
  };
  promised<picky> p;
  p.state->complete(picky{7});
  EXPECT_EQ(p.result.get().value, 7);
}

TEST(future_test, may_be_of_nothing_at_all) {
  promised<void> p;
  EXPECT_FALSE(p.result.try_get());
  EXPECT_FALSE(p.result.get_for(1ms));
  p.state->complete();
  EXPECT_TRUE(p.result.get_for(1ms));
  EXPECT_FALSE(p.result.valid());
}

TEST(future_test, has_nothing_to_come_by_default) {
  future<int> none;
  EXPECT_FALSE(none.valid());
  EXPECT_EQ(code_of([&] { none.wait(); }), errc::closed);
  EXPECT_EQ(code_of([&] { none.cancel(); }), errc::closed);
  EXPECT_EQ(code_of([&] { none.then([](int) {}); }), errc::closed);
}

TEST(future_test, gives_nothing_while_there_is_nothing) {
  promised<int> p;
  EXPECT_FALSE(p.result.ready());
  EXPECT_FALSE(p.result.wait_for(1ms));
  EXPECT_EQ(p.result.try_get(), std::nullopt);
  EXPECT_EQ(p.result.get_for(1ms), std::nullopt);
  p.state->complete(7);
  EXPECT_EQ(p.result.get_for(0ms), 7);
}

TEST(future_test, wakes_all_who_wait) {
  promised<int> p;
  std::atomic<int> begun{0};
  std::vector<std::jthread> waiting;
  for (int i = 0; i < 4; ++i)
    waiting.emplace_back([&] {
      ++begun;
      if (begun % 2 == 0)
        p.result.wait();
      else
        EXPECT_TRUE(p.result.wait_for(30s));
    });
  while (begun < 4)
    std::this_thread::yield();
  EXPECT_FALSE(p.result.wait_for(5ms)); // some of them sleep by now
  p.state->complete(7);
  waiting.clear();
  EXPECT_EQ(p.result.get(), 7);
}

TEST(future_test, loses_no_wake) {
  for (int i = 0; i < 2000; ++i) {
    promised<int> p;
    std::jthread completing{[state = p.state, i] { state->complete(i); }};
    ASSERT_EQ(p.result.get_for(30s), i);
  }
}

TEST(future_test, is_completed_by_the_first) {
  for (int i = 0; i < 200; ++i) {
    promised<int> p;
    std::atomic<int> successes{0};
    {
      std::vector<std::jthread> all;
      for (int one = 1; one <= 3; ++one)
        all.emplace_back([&, one] { successes += p.state->complete(one); });
      all.emplace_back([&] { successes += p.state->fail(city_failure()); });
    }
    ASSERT_EQ(successes, 1);
    try {
      p.result.get();
    } catch (const task_failure&) {
    }
  }
}

TEST(future_test, throws_the_failure) {
  promised<int> p;
  EXPECT_TRUE(p.state->fail(city_failure()));
  EXPECT_FALSE(p.state->complete(7));
  try {
    p.result.get();
    FAIL();
  } catch (const task_failure& failure) {
    EXPECT_EQ(failure.code(), errc::child_failed);
    EXPECT_STREQ(failure.what(), "looking up a city: no such city");
    ASSERT_TRUE(failure.exception());
    EXPECT_EQ(failure.exception()->type, "std::out_of_range");
    EXPECT_FALSE(failure.status());
  }
  EXPECT_FALSE(p.result.valid());
}

TEST(future_test, calls_back_at_once_when_ready) {
  promised<std::unique_ptr<int>> p;
  p.state->complete(std::make_unique<int>(7));
  int seen = 0;
  p.result.then([&](std::unique_ptr<int> x) { seen = *x; },
                [](const error&) { FAIL(); });
  EXPECT_EQ(seen, 7);
  EXPECT_FALSE(p.result.valid());
}

TEST(future_test, calls_back_in_the_thread_that_completes) {
  promised<void> p;
  std::thread::id where;
  p.result.then([&] { where = std::this_thread::get_id(); });
  EXPECT_EQ(where, std::thread::id{});
  std::thread completing{[&] { p.state->complete(); }};
  auto expected = completing.get_id();
  completing.join();
  EXPECT_EQ(where, expected);
}

TEST(future_test, calls_back_with_the_failure) {
  promised<int> p;
  std::string heard;
  p.result.then([](int) { FAIL(); }, [&](const error& e) { heard = e.what(); });
  auto printed = printed_by([&] {
    p.state->fail(city_failure());
    p = {};
  });
  EXPECT_EQ(heard, "looking up a city: no such city");
  EXPECT_EQ(printed, "");
}

TEST(future_test, calls_back_with_an_error_whatever_was_thrown) {
  promised<int> p;
  p.state->fail(std::make_exception_ptr(std::runtime_error("no memory")));
  errc code{};
  std::string heard;
  p.result.then([](int) {},
                [&](const error& e) {
                  code = static_cast<errc>(e.code().value());
                  heard = e.what();
                });
  EXPECT_EQ(code, errc::child_failed);
  EXPECT_EQ(heard, "no memory");
}

TEST(future_test, calls_back_once_whoever_comes_first) {
  for (int i = 0; i < 2000; ++i) {
    promised<int> p;
    std::atomic<int> calls{0};
    {
      std::jthread completing{[state = p.state] { state->complete(1); }};
      p.result.then([&](int x) { calls += x; });
    }
    ASSERT_EQ(calls, 1);
  }
}

TEST(future_test, tells_what_a_callback_throws) {
  promised<int> p;
  p.state->complete(7);
  auto printed = printed_by(
      [&] { p.result.then([](int) { throw std::runtime_error("oops"); }); });
  EXPECT_EQ(printed,
            "ramet: a callback of future::then ended by an exception: oops\n");
}

TEST(future_test, tells_once_of_a_failure_that_nobody_looked_at) {
  auto printed = printed_by([] {
    promised<int> p;
    p.state->fail(city_failure());
    EXPECT_TRUE(p.result.ready());
    p.result.wait();
  });
  EXPECT_EQ(printed, "ramet: nobody looked at the failure of a future: looking "
                     "up a city: no such city\n");
}

TEST(future_test, tells_of_a_failure_that_comes_after_it_was_dropped) {
  auto printed = printed_by([] {
    promised<int> p;
    p.result = {};
    p.state->fail(city_failure());
  });
  EXPECT_NE(printed.find("no such city"), std::string::npos) << printed;
}

TEST(future_test, tells_of_a_failure_when_then_takes_only_values) {
  auto printed = printed_by([] {
    promised<int> p;
    p.result.then([](int) {});
    p.state->fail(city_failure());
  });
  EXPECT_NE(printed.find("no such city"), std::string::npos) << printed;
}

TEST(future_test, tells_nothing_of_a_failure_that_was_thrown) {
  auto printed = printed_by([] {
    promised<int> p;
    p.state->fail(city_failure());
    EXPECT_THROW(p.result.try_get(), task_failure);
  });
  EXPECT_EQ(printed, "");
}

TEST(future_test, can_be_cancelled) {
  auto printed = printed_by([] {
    promised<int> p;
    EXPECT_TRUE(p.result.cancel());
    EXPECT_FALSE(p.result.cancel());
    EXPECT_FALSE(p.state->complete(7));
    EXPECT_TRUE(p.result.ready());
    EXPECT_EQ(code_of([&] { p.result.get(); }), errc::closed);
    promised<int> unseen;
    EXPECT_TRUE(unseen.result.cancel());
  });
  EXPECT_EQ(printed, "");
}

TEST(future_test, cannot_be_cancelled_when_the_result_is_there) {
  promised<int> p;
  p.state->complete(7);
  EXPECT_FALSE(p.result.cancel());
  EXPECT_EQ(p.result.get(), 7);
}

struct counting_continuation final : detail::future_state_base::continuation {
  explicit counting_continuation(std::atomic<int>& count) : calls(count) {}
  void run(detail::future_state_base&) override { ++calls; }
  std::atomic<int>& calls;
};

TEST(future_test, can_be_used_again_when_a_continuation_was_taken_back) {
  promised<int> p;
  std::atomic<int> calls{0};
  p.state->then(std::make_unique<counting_continuation>(calls));
  EXPECT_TRUE(p.state->take_back());
  EXPECT_FALSE(p.state->take_back());
  int heard = 0;
  p.result.then([&](int x) { heard = x; });
  p.state->complete(7);
  EXPECT_FALSE(p.state->take_back());
  EXPECT_EQ(heard, 7);
  EXPECT_EQ(calls, 0);
}

TEST(future_test, runs_a_continuation_or_gives_it_back) {
  for (int i = 0; i < 2000; ++i) {
    promised<int> p;
    std::atomic<int> calls{0};
    p.state->then(std::make_unique<counting_continuation>(calls));
    std::jthread completing{[state = p.state] { state->complete(1); }};
    bool taken = p.state->take_back() != nullptr;
    completing.join();
    ASSERT_EQ(calls, taken ? 0 : 1);
    ASSERT_EQ(p.result.get(), 1);
  }
}

// Counts what a state is told.
class expecting final : public detail::future_state<int> {
public:
  int expectations = 0;

protected:
  void expected() override { ++expectations; }
};

TEST(future_test, expects_a_state_to_go_on_by_itself_once) {
  auto state = std::make_shared<expecting>();
  std::atomic<int> calls{0};
  for (int i = 0; i < 3; ++i) {
    state->then(std::make_unique<counting_continuation>(calls));
    EXPECT_TRUE(state->take_back());
  }
  EXPECT_EQ(state->expectations, 1);
}

// Like ask(): the thread that waits does what leads to the answer.
class driven final : public detail::future_state<int> {
public:
  std::atomic<int> drives{0};

protected:
  void drive(detail::deadline until) override {
    if (++drives == 3)
      complete(7);
    else if (until.is_never())
      std::this_thread::yield();
  }
};

TEST(future_test, is_driven_by_who_waits) {
  auto state = std::make_shared<driven>();
  auto result = detail::make_future<int>(state);
  EXPECT_FALSE(result.ready());
  EXPECT_EQ(state->drives, 1);
  EXPECT_EQ(result.get(), 7);
  EXPECT_EQ(state->drives, 3);
}

} // namespace

} // namespace ramet::test
