// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Pools and futures.

#include "every_start_method.hpp"
#include "pool_fixture.hpp"

#include <ramet/async.hpp>
#include <ramet/connection.hpp>
#include <ramet/pipe.hpp>
#include <ramet/task_failure.hpp>
#include <ramet/when.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <numeric>
#include <ranges>
#include <set>
#include <stdexcept>
#include <thread>
#include <tuple>

namespace ramet::test {

namespace {

class pool_conformance : public conformance {
protected:
  void SetUp() override {
    set_default_start_method(method());
    pool{1}.apply(twice, 1); // what a process keeps for pools, is made now
    conformance::SetUp();
  }
  static pool make_pool(std::size_t workers) {
    return pool{{.workers = workers, .start = method()}};
  }
};
RAMET_BY_START_METHODS_WITH(pool_conformance, beside_threads);

int power(int base, int exponent) {
  int result = 1;
  for (int i = 0; i < exponent; ++i)
    result *= base;
  return result;
}

int even_only(int x) {
  if (x % 2 != 0)
    throw std::out_of_range{"odd: " + std::to_string(x)};
  return x;
}

std::string own_name() {
  return this_process().name();
}

std::vector<int> numbers(int count) {
  std::vector<int> result(static_cast<std::size_t>(count));
  std::iota(result.begin(), result.end(), 0);
  return result;
}

// Takes part in nothing until the other end is closed.
void wait_for_end(queue<int> begun, queue<int> end) {
  begun.put(1);
  try {
    end.get();
  } catch (const error&) {
  }
}

TEST_P(pool_conformance, map_and_starmap_keep_the_order) {
  auto workers = make_pool(3);
  auto xs = numbers(1000);
  auto ys = workers.map(twice, xs);
  ASSERT_EQ(ys.size(), 1000U);
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(ys[static_cast<std::size_t>(i)], 2 * i);
  EXPECT_EQ(workers.map(twice, xs, {.chunk = 7}), ys);
  EXPECT_EQ(
      workers.starmap(
          power, std::vector<std::tuple<int, int>>{{2, 3}, {3, 2}, {5, 0}}),
      (std::vector{8, 9, 1}));
  EXPECT_TRUE(workers.map(twice, std::vector<int>{}).empty());
}

TEST_P(pool_conformance, imap_is_lazy_and_in_order) {
  auto workers = make_pool(2);
  int taken = 0;
  auto endless = std::views::iota(0) | std::views::transform([&](int i) {
                   ++taken;
                   return i;
                 });
  int expected = 0;
  for (int y : workers.imap(twice, endless, {.window = 8})) {
    EXPECT_EQ(y, 2 * expected++);
    if (expected == 100)
      break;
  }
  EXPECT_LE(taken, 110);
  std::multiset<int> seen;
  for (int y : workers.imap_unordered(twice, numbers(50)))
    seen.insert(y);
  EXPECT_EQ(seen.size(), 50U);
  EXPECT_EQ(*seen.rbegin(), 98);
}

TEST_P(pool_conformance, futures_wait_so_long_and_call_back) {
  auto workers = make_pool(1);
  queue<int> begun;
  queue<int> end;
  auto blocked = workers.submit(wait_for_end, begun, end);
  begun.get();
  EXPECT_FALSE(blocked.ready());
  EXPECT_FALSE(blocked.wait_for(10ms));
  std::promise<int> value;
  auto after = workers.submit(twice, 4);
  after.then([&](int y) { value.set_value(y); }, [](const error&) {});
  end.put(1);
  blocked.get();
  EXPECT_EQ(value.get_future().get(), 8);
}

TEST_P(pool_conformance, a_failure_is_that_of_its_own_input) {
  auto workers = make_pool(2);
  auto failing = workers.submit(even_only, 3);
  auto good = workers.submit(even_only, 4);
  EXPECT_EQ(good.get(), 4);
  auto failure = task_failure_of([&] { return failing.get(); });
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->is<std::out_of_range>());
  EXPECT_EQ(failure->exception()->message, "odd: 3");
  EXPECT_NE(failure->exception()->name.find("-worker-"), std::string::npos);
  EXPECT_THROW(failure->rethrow(), std::out_of_range);
  EXPECT_THROW(workers.map(even_only, numbers(10)), task_failure);
  int values = 0;
  int failures = 0;
  auto range = workers.imap(even_only, numbers(10));
  for (int i = 0; i < 10; ++i)
    try {
      range.next();
      ++values;
    } catch (const task_failure&) {
      ++failures;
    }
  EXPECT_EQ(values, 5);
  EXPECT_EQ(failures, 5);
}

struct unwritable {
  int value = 0;
  template <class Inspector>
  friend bool inspect(Inspector& f, unwritable& x) {
    if constexpr (!Inspector::is_loading)
      throw std::domain_error{"cannot be written"};
    return f.object(x).fields(f.field("value", x.value));
  }
};

TEST_P(pool_conformance, a_result_that_cannot_be_written_fails_its_future) {
  auto workers = make_pool(1);
  auto bad = workers.submit([] { return unwritable{}; });
  EXPECT_TRUE(task_failure_of([&] { return bad.get(); }));
  EXPECT_EQ(workers.apply(twice, 3), 6);
  EXPECT_EQ(restarts_of(workers), 0U);
}

TEST_P(pool_conformance, moves_handles_into_tasks_and_back) {
  auto workers = make_pool(1);
  auto [here, there] = pipe();
  auto back = workers.apply(
      [](connection end) {
        end.send(1);
        return end;
      },
      std::move(there));
  EXPECT_EQ(here.recv<int>(), 1);
  here.send(2);
  EXPECT_EQ(back.recv<int>(), 2);
}

std::atomic<int> made_ready{0};

void make_ready(int by) {
  made_ready += by;
}

TEST_P(pool_conformance, workers_begin_with_the_initializer) {
  made_ready = 0;
  pool workers{
      {.workers = 2, .initializer = {make_ready, 5}, .start = method()}};
  int seen = workers.apply([] { return made_ready.load(); });
  if (traits().own_process)
    EXPECT_EQ(seen, 5);
  else
    EXPECT_TRUE(seen == 5 || seen == 10) << seen; // one variable for all
}

TEST_P(pool_conformance, is_broken_when_the_initializer_keeps_failing) {
  testing::internal::CaptureStderr();
  {
    pool workers{
        {.workers = 1, .initializer = {even_only, 1}, .start = method()}};
    auto result = workers.submit(twice, 1);
    auto failure = task_failure_of([&] { return result.get(); });
    ASSERT_TRUE(failure);
    EXPECT_TRUE(says(*failure, "odd: 1")) << failure->what();
  }
  testing::internal::GetCapturedStderr();
}

TEST_P(pool_conformance, workers_are_replaced_after_their_share_of_tasks) {
  pool workers{{.workers = 1,
                .max_tasks_per_worker = 3,
                .name = "short-lived",
                .start = method()}};
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(workers.apply(own_name), "short-lived-worker-1");
  }
  EXPECT_TRUE(eventually([&] { return restarts_of(workers) == 3; }));
  workers.close(); // early, as some worker may just be starting
  workers.join();
}

TEST_P(pool_conformance, is_resized) {
  auto workers = make_pool(1);
  workers.resize(3);
  EXPECT_EQ(workers.map(twice, numbers(100)).size(), 100U);
  EXPECT_EQ(workers.stats().workers.size(), 3U);
  workers.resize(1);
  EXPECT_TRUE(eventually([&] { return pids_of(workers).size() == 1; }));
  EXPECT_EQ(workers.apply(twice, 1), 2);
}

TEST_P(pool_conformance, does_all_that_was_submitted_before_it_closes) {
  auto workers = make_pool(2);
  std::vector<future<int>> results;
  for (int i = 0; i < 100; ++i)
    results.push_back(workers.submit(twice, i));
  workers.close();
  workers.close();
  EXPECT_THROW(static_cast<void>(workers.submit(twice, 1)), error);
  workers.join();
  EXPECT_TRUE(pids_of(workers).empty());
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), 2 * i);
  EXPECT_TRUE(active_children().empty());
}

TEST_P(pool_conformance, is_terminated_at_once_with_much_to_do) {
  auto workers = make_pool(2);
  queue<int> done{{.maxsize = 4}}; // whoever is to do more waits
  std::vector<future<void>> results;
  for (int i = 0; i < 10'000; ++i)
    results.push_back(
        workers.submit([](queue<int> done) { done.put(1); }, done));
  done.get();
  std::atomic<bool> over = false;
  std::atomic<int> seen = 0;
  std::thread reader{[&] {
    while (!over)
      if (done.get_for(1ms))
        ++seen;
  }};
  auto began = std::chrono::steady_clock::now();
  workers.terminate();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
  over = true;
  reader.join();
  EXPECT_TRUE(active_children().empty());
  EXPECT_LT(seen, 9000);
  failure_of(results.back(), errc::closed);
}

TEST_P(pool_conformance, shares_an_argument) {
  auto workers = make_pool(2);
  auto all = workers.share(numbers(10'000));
  auto sum = [](std::span<const int> all, int from, int to) {
    return std::accumulate(all.begin() + from, all.begin() + to, 0);
  };
  auto a = workers.submit(sum, all, 0, 5000);
  auto b = workers.submit(sum, all, 5000, 10'000);
  EXPECT_EQ(a.get() + b.get(), 49'995'000);
  auto count = [](const std::vector<int>& all) { return all.size(); };
  EXPECT_EQ(workers.apply(count, all), 10'000U);
}

TEST_P(pool_conformance, may_be_made_in_a_child) {
  queue<std::vector<int>> out;
  queue<std::string> names;
  auto child = start(
      [](queue<std::vector<int>> out, queue<std::string> names,
         start_method method) {
        pool inner{{.workers = 2, .start = method}};
        out.put(inner.map(twice, numbers(20)));
        names.put(inner.apply([] { return parent_process()->name(); }));
      },
      out, names, method());
  EXPECT_EQ(out.get().size(), 20U);
  EXPECT_EQ(names.get(), child.name());
  child.join();
  EXPECT_TRUE(child.status()->success());
}

TEST_P(pool_conformance, tasks_have_timeouts_where_they_can_be_ended) {
  auto workers = make_pool(1);
  queue<int> begun;
  queue<int> end;
  if (traits().can_be_ended) {
    auto late = workers.submit({.timeout = 50ms}, wait_for_end, begun, end);
    failure_of(late, errc::timed_out);
  } else {
    try {
      static_cast<void>(
          workers.submit({.timeout = 50ms}, wait_for_end, begun, end));
      ADD_FAILURE() << "nothing was thrown";
    } catch (const error& refused) {
      EXPECT_EQ(refused.code(), errc::protocol);
      EXPECT_TRUE(says(refused, "timeout")) << refused.what();
      EXPECT_TRUE(says(refused, "thread")) << refused.what();
    }
    EXPECT_THROW(workers.map(twice, numbers(3), {.timeout = 50ms}), error);
  }
  EXPECT_EQ(workers.apply(twice, 2), 4);
}

TEST_P(pool_conformance, a_cancelled_task_is_given_up) {
  auto workers = make_pool(1);
  queue<int> begun;
  queue<int> end;
  auto running = workers.submit(wait_for_end, begun, end);
  auto waiting = workers.submit(wait_for_end, begun, end);
  begun.get();
  EXPECT_TRUE(waiting.cancel()); // is never begun
  EXPECT_TRUE(running.cancel());
  failure_of(running, errc::closed);
  if (!traits().can_be_ended)
    end.close(); // it goes on: nothing can end it
  EXPECT_EQ(workers.apply(twice, 2), 4);
  EXPECT_EQ(begun.size(), 0U);
  EXPECT_EQ(restarts_of(workers), traits().can_be_ended ? 1U : 0U);
}

TEST_P(pool_conformance, ends_within_a_moment_though_a_task_runs) {
  queue<int> begun;
  queue<int> end;
  auto began = std::chrono::steady_clock::now();
  {
    auto workers = make_pool(1);
    auto running = workers.submit(wait_for_end, begun, end);
    begun.get();
    began = std::chrono::steady_clock::now();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
  EXPECT_EQ(active_children().size(), traits().can_be_ended ? 0U : 1U);
  end.close(); // a thread goes on until its function returns
  EXPECT_TRUE(eventually([] { return active_children().empty(); }));
}

// -- async --------------------------------------------------------------------

class async_conformance : public pool_conformance {
protected:
  void TearDown() override {
    // A result comes a moment before its process ends.
    EXPECT_TRUE(eventually([] { return active_children().empty(); }));
    pool_conformance::TearDown();
  }
  template <class F, class... Args>
  static auto async(F&& f, Args&&... args) {
    return ramet::async(process_options{.start = method()}, std::forward<F>(f),
                        std::forward<Args>(args)...);
  }
};
RAMET_BY_START_METHODS_WITH(async_conformance, beside_threads);

TEST_P(async_conformance, brings_the_result) {
  EXPECT_EQ(async(power, 2, 10).get(), 1024);
  auto [here, there] = pipe();
  auto back = async([](connection end) { return end; }, std::move(there)).get();
  here.send(1);
  EXPECT_EQ(back.recv<int>(), 1);
  async([] {}).get();
}

TEST_P(async_conformance, fails_as_the_function_does) {
  auto result = async(even_only, 5);
  auto failure = task_failure_of([&] { return result.get(); });
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->is<std::logic_error>());
  EXPECT_EQ(failure->exception()->message, "odd: 5");
  EXPECT_NE(failure->exception()->backtrace.find("even_only"),
            std::string::npos);
  EXPECT_THROW(failure->rethrow(), std::out_of_range);
}

TEST_P(async_conformance, is_cancelled) {
  queue<int> begun;
  queue<int> end;
  auto running = async(wait_for_end, begun, end);
  begun.get();
  EXPECT_TRUE(running.cancel());
  failure_of(running, errc::closed);
  end.close(); // a thread goes on until its function returns
  EXPECT_TRUE(eventually([] { return active_children().empty(); }));
}

TEST_P(async_conformance, calls_back_and_is_combined) {
  std::promise<int> value;
  async(power, 3, 3)
      .then([&](int y) { value.set_value(y); }, [](const error&) {});
  EXPECT_EQ(value.get_future().get(), 27);
  std::vector<future<int>> all;
  for (int i = 0; i < 5; ++i)
    all.push_back(async(twice, i));
  EXPECT_EQ(when_all(std::move(all)).get(), (std::vector{0, 2, 4, 6, 8}));
}

} // namespace

} // namespace ramet::test
