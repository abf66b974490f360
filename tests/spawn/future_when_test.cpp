// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "process_fixture.hpp"
#include "promised.hpp"

#include <ramet/async.hpp>
#include <ramet/pipe.hpp>
#include <ramet/task_failure.hpp>
#include <ramet/when.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <exception>
#include <memory>
#include <numeric>
#include <random>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include <unistd.h>

namespace ramet::test {

namespace {

std::exception_ptr out_of_memory() {
  return std::make_exception_ptr(std::runtime_error("out of memory"));
}

// -- all of them --------------------------------------------------------------

TEST(when_all_test, gives_all_results_in_order) {
  std::vector<promised<std::string>> parts(3);
  auto all = when_all(results_of(parts));
  static_assert(
      std::is_same_v<decltype(all), future<std::vector<std::string>>>);
  parts[2].state->complete("c");
  parts[0].state->complete("a");
  EXPECT_FALSE(all.ready());
  parts[1].state->complete("b");
  EXPECT_TRUE(all.ready());
  EXPECT_EQ(all.get(), (std::vector<std::string>{"a", "b", "c"}));
}

TEST(when_all_test, gives_a_tuple_of_different_results) {
  promised<int> number;
  promised<void> nothing;
  promised<std::unique_ptr<int>> pointer;
  auto all = when_all(std::move(number.result), std::move(nothing.result),
                      std::move(pointer.result));
  static_assert(std::is_same_v<
                decltype(all),
                future<std::tuple<int, std::monostate, std::unique_ptr<int>>>>);
  pointer.state->complete(std::make_unique<int>(3));
  number.state->complete(1);
  EXPECT_FALSE(all.ready());
  nothing.state->complete();
  auto [one, two, three] = all.get();
  EXPECT_EQ(one, 1);
  EXPECT_EQ(*three, 3);
}

TEST(when_all_test, gives_nothing_of_futures_of_nothing) {
  std::vector<promised<void>> parts(2);
  future<void> all = when_all(results_of(parts));
  parts[0].state->complete();
  EXPECT_FALSE(all.try_get());
  parts[1].state->complete();
  EXPECT_TRUE(all.try_get());
}

TEST(when_all_test, is_ready_at_once_of_none) {
  EXPECT_TRUE(when_all(std::vector<future<int>>{}).get().empty());
  EXPECT_TRUE(when_all(std::vector<future<void>>{}).try_get());
}

TEST(when_all_test, is_ready_at_once_when_all_are) {
  std::vector<promised<int>> parts(2);
  parts[0].state->complete(1);
  parts[1].state->complete(2);
  EXPECT_EQ(when_all(results_of(parts)).try_get(), (std::vector{1, 2}));
}

TEST(when_all_test, takes_any_range_that_is_given_away) {
  std::vector<promised<int>> parts(3);
  auto all = when_all(parts | std::views::transform([](promised<int>& one) {
                        return std::move(one.result);
                      }));
  for (auto& one : parts)
    one.state->complete(7);
  EXPECT_EQ(all.get(), (std::vector{7, 7, 7}));
}

TEST(when_all_test, fails_at_once_with_the_very_exception) {
  std::vector<promised<int>> parts(3);
  auto all = when_all(results_of(parts));
  auto failure = out_of_memory();
  parts[1].state->fail(failure);
  ASSERT_TRUE(all.ready());
  try {
    all.get();
    FAIL();
  } catch (...) {
    EXPECT_EQ(std::current_exception(), failure);
  }
  EXPECT_TRUE(parts[0].state->complete(1)); // its work goes on
}

TEST(when_all_test, tells_once_of_a_failure_that_nobody_looked_at) {
  auto printed = printed_by([] {
    std::vector<promised<int>> parts(2);
    auto all = when_all(results_of(parts));
    parts[0].state->fail(out_of_memory());
  });
  EXPECT_EQ(printed,
            "ramet: nobody looked at the failure of a future: out of memory\n");
}

TEST(when_all_test, tells_of_the_failures_after_the_first) {
  auto printed = printed_by([] {
    std::vector<promised<int>> parts(2);
    auto all = when_all(results_of(parts));
    parts[0].state->fail(out_of_memory());
    EXPECT_THROW(all.get(), std::runtime_error);
    parts[1].state->fail(
        std::make_exception_ptr(std::runtime_error("too late")));
  });
  EXPECT_EQ(printed,
            "ramet: nobody looked at the failure of a future: too late\n");
}

TEST(when_all_test, cancels_all_of_them) {
  auto printed = printed_by([] {
    std::vector<promised<int>> parts(3);
    auto all = when_all(results_of(parts));
    parts[0].state->complete(1);
    EXPECT_TRUE(all.cancel());
    EXPECT_FALSE(all.cancel());
    EXPECT_EQ(code_of([&] { all.get(); }), errc::closed);
    EXPECT_FALSE(parts[1].state->complete(1));
    EXPECT_FALSE(parts[2].state->complete(1));
  });
  EXPECT_EQ(printed, "");
}

TEST(when_all_test, cannot_be_cancelled_when_all_are_there) {
  std::vector<promised<int>> parts(1);
  auto all = when_all(results_of(parts));
  parts[0].state->complete(7);
  EXPECT_FALSE(all.cancel());
  EXPECT_EQ(all.get(), std::vector{7});
}

// A future that tells when it is dropped.
class droppable final : public detail::future_state<int> {
public:
  explicit droppable(int& drops) : drops_(drops) {}
  void abandoned() noexcept override { ++drops_; }

private:
  int& drops_;
};

TEST(when_all_test, drops_all_when_it_is_dropped) {
  int drops = 0;
  auto state = std::make_shared<droppable>(drops);
  std::weak_ptr watched{state};
  {
    std::vector<future<int>> parts;
    parts.push_back(detail::make_future<int>(state));
    auto all = when_all(std::move(parts));
  }
  EXPECT_EQ(drops, 1);
  state = nullptr;
  EXPECT_TRUE(watched.expired()); // also though it was never completed
}

TEST(when_all_test, refuses_futures_without_a_result_to_come) {
  std::vector<future<int>> parts(2);
  EXPECT_EQ(code_of([&] { when_all(std::move(parts)); }), errc::closed);
  EXPECT_EQ(code_of([&] { when_all(future<int>{}, future<void>{}); }),
            errc::closed);
}

TEST(when_all_test, calls_back_like_any_future) {
  promised<int> a;
  promised<int> b;
  int sum = 0;
  when_all(std::move(a.result), std::move(b.result)).then([&](auto both) {
    sum = std::get<0>(both) + std::get<1>(both);
  });
  a.state->complete(1);
  b.state->complete(2);
  EXPECT_EQ(sum, 3);
}

TEST(when_all_test, may_be_completed_by_many_threads_at_once) {
  constexpr int threads = 4;
  constexpr int each = 50;
  for (int round = 0; round < 50; ++round) {
    std::vector<promised<int>> parts(threads * each);
    std::atomic<bool> go{false};
    std::vector<std::jthread> completing;
    for (int i = 0; i < threads; ++i)
      completing.emplace_back([&, i] {
        while (!go)
          std::this_thread::yield();
        for (int j = i; j < threads * each; j += threads)
          parts[j].state->complete(j);
      });
    auto futures = results_of(parts);
    go = true;
    auto all = when_all(std::move(futures)).get_for(30s);
    ASSERT_TRUE(all);
    for (int i = 0; i < threads * each; ++i)
      ASSERT_EQ((*all)[i], i);
  }
}

TEST(when_all_test, ends_once_whoever_fails_completes_cancels_or_drops) {
  for (int round = 0; round < 500; ++round) {
    std::vector<promised<int>> parts(4);
    auto all = when_all(results_of(parts));
    std::atomic<int> ready{0};
    auto start = [&] {
      ++ready;
      while (ready < 4)
        std::this_thread::yield();
    };
    std::jthread completing{[&] {
      start();
      for (auto& one : parts)
        one.state->complete(1);
    }};
    std::jthread failing{[&] {
      start();
      parts[2].state->fail(
          std::make_exception_ptr(error{errc::full, "no room"}));
      for (auto& one : parts)
        one.state->mark_seen();
    }};
    std::jthread cancelling{[&] {
      start();
      if (round % 2)
        all.cancel();
    }};
    start();
    if (round % 2) {
      ASSERT_TRUE(all.wait_for(30s));
      cancelling.join();
      try {
        all.get();
      } catch (const error&) {
      }
    } else {
      cancelling.join();
      if (all.ready())
        try {
          all.get();
        } catch (const error&) {
        }
      all = {};
    }
  }
}

// -- one of them --------------------------------------------------------------

TEST(when_any_test, gives_back_all_with_the_index_of_the_first) {
  std::vector<promised<int>> parts(3);
  auto any = when_any(results_of(parts));
  EXPECT_FALSE(any.ready());
  parts[1].state->complete(7);
  ASSERT_TRUE(any.ready());
  auto first = any.get();
  EXPECT_EQ(first.index, 1U);
  ASSERT_EQ(first.futures.size(), 3U);
  EXPECT_EQ(first.get(), 7);
  EXPECT_FALSE(first.futures[0].ready());
  parts[0].state->complete(8);
  EXPECT_EQ(first.futures[0].get(), 8);
  int heard = 0;
  first.futures[2].then([&](int x) { heard = x; });
  parts[2].state->complete(9);
  EXPECT_EQ(heard, 9);
}

TEST(when_any_test, takes_one_that_is_ready_before) {
  std::vector<promised<int>> parts(3);
  parts[2].state->complete(7);
  auto first = when_any(results_of(parts)).try_get();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->index, 2U);
  EXPECT_EQ(first->get(), 7);
}

TEST(when_any_test, gives_a_tuple_of_different_futures) {
  promised<int> number;
  promised<void> nothing;
  auto any = when_any(std::move(number.result), std::move(nothing.result));
  nothing.state->complete();
  auto first = any.get();
  EXPECT_EQ(first.index, 1U);
  EXPECT_TRUE(std::get<1>(first.futures).ready());
  number.state->complete(3);
  EXPECT_EQ(std::get<0>(first.futures).get(), 3);
}

TEST(when_any_test, counts_a_failure_as_ready) {
  std::vector<promised<int>> parts(2);
  auto any = when_any(results_of(parts));
  auto failure = out_of_memory();
  parts[0].state->fail(failure);
  auto first = any.get();
  EXPECT_EQ(first.index, 0U);
  try {
    first.get();
    FAIL();
  } catch (...) {
    EXPECT_EQ(std::current_exception(), failure);
  }
}

TEST(when_any_test, refuses_none_and_futures_without_a_result_to_come) {
  EXPECT_EQ(code_of([] { when_any(std::vector<future<int>>{}); }),
            errc::closed);
  EXPECT_EQ(code_of([] { when_any(future<int>{}); }), errc::closed);
}

TEST(when_any_test, cancels_all_of_them) {
  std::vector<promised<int>> parts(2);
  auto any = when_any(results_of(parts));
  EXPECT_TRUE(any.cancel());
  EXPECT_EQ(code_of([&] { any.get(); }), errc::closed);
  for (auto& one : parts)
    EXPECT_FALSE(one.state->complete(1));
}

TEST(when_any_test, drops_all_when_it_is_dropped) {
  int drops = 0;
  auto state = std::make_shared<droppable>(drops);
  std::weak_ptr watched{state};
  std::vector<future<int>> parts;
  parts.push_back(detail::make_future<int>(state));
  when_any(std::move(parts));
  EXPECT_EQ(drops, 1);
  state = nullptr;
  EXPECT_TRUE(watched.expired());
}

// Each round leaves nothing on those that are given back.
TEST(when_any_test, gives_one_after_another_while_threads_complete_them) {
  constexpr int count = 300;
  std::vector<promised<int>> parts(count);
  auto left = results_of(parts);
  std::vector<std::jthread> completing;
  for (int i = 0; i < 3; ++i)
    completing.emplace_back([&, i] {
      std::vector<int> order;
      for (int j = i; j < count; j += 3)
        order.push_back(j);
      std::shuffle(order.begin(), order.end(), std::mt19937(i));
      for (int j : order)
        parts[j].state->complete(j);
    });
  int sum = 0;
  while (!left.empty()) {
    auto first = when_any(std::move(left)).get();
    sum += first.get();
    left = std::move(first.futures);
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(first.index));
  }
  EXPECT_EQ(sum, count * (count - 1) / 2);
}

// -- with processes -----------------------------------------------------------

int twice(int x) {
  return 2 * x;
}

int wait_for_word(connection pipe) {
  return pipe.recv<int>();
}

int sleep_for_ever() {
  for (;;)
    ::pause();
}

class when_async_test : public process_fixture {
protected:
  void TearDown() override {
    for (auto& one : active_children())
      one.join();
    process_fixture::TearDown();
  }
};

std::size_t count_threads() {
  return count_files("/proc/self/task");
}

TEST_F(when_async_test, waits_for_processes_without_threads_of_its_own) {
  when_all(async(twice, 1)).get(); // the thread for callbacks is there now
  auto threads = count_threads();
  std::vector<future<int>> parts;
  for (int i = 0; i < 5; ++i)
    parts.push_back(async(twice, i));
  auto all = when_all(std::move(parts));
  EXPECT_EQ(count_threads(), threads);
  EXPECT_EQ(all.get(), (std::vector{0, 2, 4, 6, 8}));
}

TEST_F(when_async_test, takes_results_that_lie_there_unread) {
  auto early = async(twice, 1);
  for (auto& one : active_children())
    one.join();
  EXPECT_EQ(when_all(std::move(early)).try_get(), std::tuple{2});
}

TEST_F(when_async_test, hears_of_the_first_failure_while_others_run) {
  auto [here, there] = pipe();
  auto waiting = async(wait_for_word, std::move(there));
  auto child = std::move(active_children().at(0));
  auto all =
      when_all(std::move(waiting),
               async([]() -> int { throw std::out_of_range("no city"); }));
  try {
    all.get();
    ADD_FAILURE();
  } catch (const task_failure& failure) {
    EXPECT_TRUE(failure.is<std::out_of_range>());
  }
  EXPECT_TRUE(child.running());
  here.send(7);
  child.join();
  EXPECT_EQ(child.status()->code, 0);
}

TEST_F(when_async_test, gives_back_those_that_run_on) {
  auto sleeping = async(sleep_for_ever);
  auto first = when_any(std::move(sleeping), async(twice, 4)).get();
  EXPECT_EQ(first.index, 1U);
  EXPECT_EQ(std::get<1>(first.futures).get(), 8);
  auto& other = std::get<0>(first.futures);
  EXPECT_FALSE(other.ready());
  EXPECT_TRUE(other.cancel());
}

TEST_F(when_async_test, kills_all_processes_when_cancelled) {
  std::vector<future<int>> parts;
  for (int i = 0; i < 3; ++i)
    parts.push_back(async(sleep_for_ever));
  auto children = active_children();
  auto all = when_all(std::move(parts));
  EXPECT_TRUE(all.cancel());
  for (auto& one : children) {
    one.join();
    EXPECT_EQ(one.status()->signal, SIGKILL);
  }
}

// The results come by callbacks, and this is one.
TEST_F(when_async_test, may_be_waited_for_in_a_callback) {
  promised<int> outcome;
  async(twice, 1).then([state = outcome.state](int x) {
    auto all = when_all(async(twice, x), async(twice, x + 1));
    auto [a, b] = all.get();
    auto any = when_any(async(twice, a)).get();
    state->complete(b + std::get<0>(any.futures).get());
  });
  EXPECT_EQ(outcome.result.get_for(30s), 14);
}

// ...and another thread may bring it just as well.
TEST_F(when_async_test, wakes_a_callback_that_waits) {
  promised<int> hand;
  promised<int> begun;
  promised<int> outcome;
  auto tell = [begun = begun.state, outcome = outcome.state, &hand](int x) {
    auto both = when_all(async(twice, x), std::move(hand.result));
    EXPECT_FALSE(both.wait_for(1ms));
    begun->complete(1);
    outcome->complete(std::get<1>(both.get()));
  };
  // Not by this thread: it runs the callback itself if the result is there.
  std::jthread other{[&] {
    begun.result.get();
    hand.state->complete(7);
  }};
  async(twice, 1).then(std::move(tell));
  EXPECT_EQ(outcome.result.get_for(30s), 7);
}

} // namespace

} // namespace ramet::test
