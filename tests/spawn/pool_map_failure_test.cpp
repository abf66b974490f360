// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// One function over many inputs when some take too long, fail or kill, and how
// many inputs are taken.

#include "pool_fixture.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <future>
#include <ranges>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ramet::test {

namespace {

class pool_map : public pool_fixture {};

constexpr auto eight = std::views::iota(0, 8);
const std::vector first_eight{0, 1, 2, 3, 4, 5, 6, 7};

/// Long for what takes no time at all, on a machine that is busy.
constexpr auto long_for_a_task = 1s;

template <class Action>
void expect_code(errc code, Action action) {
  try {
    static_cast<void>(action());
    ADD_FAILURE() << "nothing was thrown";
  } catch (const error& problem) {
    EXPECT_EQ(problem.code(), code) << problem.what();
  }
}

// -- time ---------------------------------------------------------------------

struct hang_at_three {
  queue<int> done;
  int operator()(int x) {
    if (x == 3)
      run_for_ever();
    done.put(x);
    return x;
  }
};

TEST_F(pool_map, fails_when_an_input_takes_too_long_but_does_the_others) {
  pool workers{2};
  queue<int> done;
  expect_code(errc::timed_out, [&] {
    return workers.map(hang_at_three{done}, eight,
                       {.chunk = 1, .timeout = long_for_a_task});
  });
  std::multiset<int> others;
  while (auto x = done.try_get())
    others.insert(*x);
  EXPECT_EQ(others, (std::multiset{0, 1, 2, 4, 5, 6, 7}));
  EXPECT_EQ(workers.map(twice, std::vector{1, 2}), (std::vector{2, 4}));
}

TEST_F(pool_map, fails_at_the_place_of_an_input_that_takes_too_long) {
  pool workers{2};
  queue<int> done;
  auto results =
      workers.imap(hang_at_three{done}, eight, {.timeout = long_for_a_task});
  for (int i = 0; i < 8; ++i)
    if (i == 3)
      expect_code(errc::timed_out, [&] { return results.next(); });
    else
      EXPECT_EQ(results.next(), i);
  EXPECT_FALSE(results.next());
}

TEST_F(pool_map, fails_at_all_places_of_a_chunk_that_takes_too_long) {
  pool workers{2};
  queue<int> done;
  auto results =
      workers.imap(hang_at_three{done}, eight,
                   {.window = 8, .chunk = 4, .timeout = long_for_a_task});
  for (int i = 0; i < 4; ++i)
    expect_code(errc::timed_out, [&] { return results.next(); });
  for (int i = 4; i < 8; ++i)
    EXPECT_EQ(results.next(), i);
  EXPECT_FALSE(results.next());
}

struct hang_once {
  queue<int> hung;
  int operator()(int x) {
    if (x == 3 && hung.empty()) {
      hung.put(1);
      run_for_ever();
    }
    return x;
  }
};

TEST_F(pool_map, makes_good_with_retries_what_took_too_long) {
  pool workers{2};
  queue<int> hung;
  for (std::size_t chunk : {1, 4}) {
    EXPECT_EQ(
        workers.map(hang_once{hung}, eight,
                    {.chunk = chunk, .timeout = long_for_a_task, .retries = 1}),
        first_eight);
    EXPECT_EQ(hung.get_for(20s), 1);
    std::vector<int> all;
    for (int x : workers.imap(
             hang_once{hung}, eight,
             {.chunk = chunk, .timeout = long_for_a_task, .retries = 1}))
      all.push_back(x);
    EXPECT_EQ(all, first_eight);
    EXPECT_EQ(hung.get_for(20s), 1);
  }
  EXPECT_EQ(workers.stats().retried, 4U);
}

// -- failures of futures ------------------------------------------------------

int fail_at_five(int x) {
  if (x >= 5)
    throw std::invalid_argument("no such thing");
  return x;
}

TEST_F(pool_map, tells_callbacks_once_of_the_first_input_that_failed) {
  pool workers{2};
  for (std::size_t chunk : {1, 4}) {
    std::atomic<int> calls{0};
    std::promise<std::string> told;
    workers.map_async(fail_at_five, eight, {.chunk = chunk})
        .then([&](std::vector<int>) { ++calls; },
              [&](const error& problem) {
                if (++calls == 1)
                  told.set_value(problem.what());
              });
    auto text = told.get_future().get();
    EXPECT_NE(text.find("input 5 "), std::string::npos) << text;
    EXPECT_NE(text.find("no such thing"), std::string::npos) << text;
    EXPECT_TRUE(eventually([&] { return workers.stats().pending == 0; }));
    EXPECT_EQ(workers.apply(twice, 1), 2);
    EXPECT_EQ(calls, 1);
  }
}

TEST_F(pool_map, gives_futures_that_fail_as_reading_the_inputs_does) {
  pool workers{2};
  queue<int> done;
  auto inputs = eight | std::views::transform([](int x) {
                  if (x == 5)
                    throw std::domain_error("no more");
                  return x;
                });
  auto all = workers.map_async(hang_at_three{done}, inputs, {.chunk = 1});
  EXPECT_FALSE(all.ready()) << "some of what was read is still done";
  EXPECT_TRUE(all.cancel());
  auto other = workers.map_async(twice, inputs, {.chunk = 2});
  EXPECT_THROW(other.get(), std::domain_error);
  EXPECT_EQ(workers.stats().pending, 0U);
}

int die_at_five(int x) {
  return die_at(5, x);
}

TEST_F(pool_map, gives_futures_that_tell_of_a_death_in_one_chunk) {
  pool workers{2};
  auto all = workers.map_async(die_at_five, eight, {.chunk = 2});
  auto failure = task_failure_of([&] { return all.get(); });
  ASSERT_TRUE(failure && failure->status());
  EXPECT_EQ(failure->status()->signal, SIGKILL);
  EXPECT_EQ(workers.map(twice, std::vector{1, 2}), (std::vector{2, 4}));
}

// -- bounded laziness ---------------------------------------------------------

struct of_two_workers {
  std::size_t window;
  std::size_t chunk;
  std::size_t most; // inputs without a result
};

TEST_F(pool_map, takes_as_many_inputs_as_its_window_lets_it) {
  pool workers{2};
  for (auto [window, chunk, most] :
       {of_two_workers{8, 1, 8}, of_two_workers{8, 3, 8},
        of_two_workers{0, 1, 4}, of_two_workers{0, 3, 12},
        of_two_workers{2, 3, 3}}) {
    std::size_t taken = 0;
    std::size_t handed_out = 0;
    auto source = std::views::iota(0) | std::views::transform([&](int x) {
                    ++taken;
                    EXPECT_LE(taken, handed_out + most);
                    return x;
                  });
    auto go_through = [&](auto results) {
      EXPECT_EQ(taken, 0U);
      while (handed_out < 100) {
        EXPECT_TRUE(results.next());
        // No more than a chunk of what it might take is left.
        EXPECT_GT(taken + chunk, handed_out + most);
        ++handed_out;
      }
      taken = handed_out = 0;
    };
    imap_options options{.window = window, .chunk = chunk};
    go_through(workers.imap(twice, source, options));
    go_through(workers.imap_unordered(twice, source, options));
  }
}

} // namespace

} // namespace ramet::test
