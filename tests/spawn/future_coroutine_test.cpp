// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "process_fixture.hpp"
#include "promised.hpp"

#include <ramet/async.hpp>
#include <ramet/pool.hpp>
#include <ramet/task_failure.hpp>
#include <ramet/when.hpp>

#include <atomic>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ramet::test {

namespace {

// A user's simplest coroutine: begins at once, and completes a future.
class task {
public:
  struct promise_type {
    promised<void> outcome;
    std::exception_ptr problem;

    // When the frame may be destroyed.
    struct last_suspension {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> frame) noexcept {
        auto ended = frame.promise().outcome.state;
        if (auto problem = frame.promise().problem)
          ended->fail(problem);
        else
          ended->complete();
      }
      void await_resume() noexcept {}
    };

    task get_return_object() { return task{*this}; }
    std::suspend_never initial_suspend() { return {}; }
    last_suspension final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { problem = std::current_exception(); }
  };
  using handle = std::coroutine_handle<promise_type>;

  explicit task(promise_type& promise)
      : outcome_(std::move(promise.outcome.result)),
        frame_(handle::from_promise(promise)) {}
  task(task&&) = delete;
  ~task() { destroy(); }

  bool done() { return outcome_.ready(); }
  void get() {
    if (!outcome_.wait_for(30s))
      throw std::runtime_error("it hangs");
    outcome_.get();
  }
  void destroy() {
    if (frame_)
      std::exchange(frame_, nullptr).destroy();
  }

private:
  future<void> outcome_;
  handle frame_;
};

task add_to(int& sum, future<int> x) {
  sum += co_await x;
  EXPECT_FALSE(x.valid());
}

TEST(future_coroutine_test, goes_on_with_the_result) {
  promised<int> p;
  int sum = 1;
  auto adding = add_to(sum, std::move(p.result));
  EXPECT_FALSE(adding.done());
  p.state->complete(7);
  EXPECT_TRUE(adding.done());
  adding.get();
  EXPECT_EQ(sum, 8);
}

TEST(future_coroutine_test, does_not_suspend_when_the_result_is_there) {
  promised<int> p;
  p.state->complete(7);
  int sum = 0;
  add_to(sum, std::move(p.result)).get();
  EXPECT_EQ(sum, 7);
}

TEST(future_coroutine_test, goes_on_in_the_thread_that_completes) {
  promised<void> p;
  std::thread::id where;
  auto waiting = [](future<void> f, std::thread::id& where) -> task {
    co_await std::move(f);
    where = std::this_thread::get_id();
  }(std::move(p.result), where);
  std::thread completing{[&] { p.state->complete(); }};
  auto expected = completing.get_id();
  completing.join();
  waiting.get();
  EXPECT_EQ(where, expected);
}

TEST(future_coroutine_test, throws_the_very_exception) {
  promised<int> p;
  int sum = 0;
  auto adding = add_to(sum, std::move(p.result));
  auto failure = std::make_exception_ptr(std::out_of_range("no such city"));
  p.state->fail(failure);
  try {
    adding.get();
    FAIL();
  } catch (...) {
    EXPECT_EQ(std::current_exception(), failure);
  }
}

TEST(future_coroutine_test, throws_when_there_is_no_result_to_come) {
  int sum = 0;
  auto adding = add_to(sum, future<int>{});
  EXPECT_EQ(code_of([&] { adding.get(); }), errc::closed);
}

TEST(future_coroutine_test, may_get_what_can_only_be_moved) {
  promised<std::unique_ptr<int>> p;
  int seen = 0;
  auto waiting = [](future<std::unique_ptr<int>> f, int& seen) -> task {
    seen = *co_await f;
  }(std::move(p.result), seen);
  p.state->complete(std::make_unique<int>(7));
  waiting.get();
  EXPECT_EQ(seen, 7);
}

TEST(future_coroutine_test, drops_the_future_when_destroyed_while_it_waits) {
  promised<std::string> p;
  std::weak_ptr watched{p.state};
  auto waiting = [](future<std::string> f) -> task {
    co_await f;
    ADD_FAILURE() << "it was destroyed";
  }(std::move(p.result));
  waiting.destroy();
  p.state->complete("nobody wants it");
  p.state = nullptr;
  EXPECT_TRUE(watched.expired());
}

TEST(future_coroutine_test, awaits_all_and_any) {
  std::vector<promised<int>> parts(4);
  std::vector<int> heard;
  auto waiting = [](std::vector<future<int>> fs,
                    std::vector<int>& heard) -> task {
    auto first = co_await when_any(std::move(fs));
    heard.push_back(first.get());
    first.futures.erase(first.futures.begin()
                        + static_cast<std::ptrdiff_t>(first.index));
    for (int x : co_await when_all(std::move(first.futures)))
      heard.push_back(x);
  }(results_of(parts), heard);
  for (int i : {2, 3, 0, 1})
    parts[i].state->complete(int{i});
  waiting.get();
  EXPECT_EQ(heard, (std::vector{2, 0, 1, 3}));
}

// Completion and suspension race; each must see the other.
TEST(future_coroutine_test, goes_on_once_whoever_comes_first) {
  constexpr int count = 2000;
  std::vector<promised<int>> parts(count);
  std::atomic<int> at{0};
  std::jthread completing{[&] {
    for (int i = 0; i < count; ++i) {
      while (at.load() < i)
        std::this_thread::yield();
      parts[i].state->complete(1);
    }
  }};
  int sum = 0;
  [](std::vector<promised<int>>& parts, std::atomic<int>& at,
     int& sum) -> task {
    for (auto& one : parts) {
      ++at;
      sum += co_await one.result;
    }
  }(parts, at, sum)
                      .get();
  EXPECT_EQ(sum, count);
}

// What its body throws comes out of whoever resumes it.
struct loud_task {
  struct promise_type {
    loud_task get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { throw; }
  };

  ~loud_task() { frame.destroy(); }

  std::coroutine_handle<promise_type> frame;
};

TEST(future_coroutine_test, tells_what_escapes_a_coroutine) {
  promised<int> p;
  auto loud = [](future<int> f) -> loud_task {
    int x = co_await f;
    throw std::runtime_error("it was " + std::to_string(x));
  }(std::move(p.result));
  auto printed = printed_by([&] { EXPECT_TRUE(p.state->complete(7)); });
  EXPECT_EQ(printed, "ramet: a coroutine that awaited a future ended by an "
                     "exception: it was 7\n");
}

int twice(int x) {
  return 2 * x;
}

class coroutine_async_test : public process_fixture {
protected:
  void TearDown() override {
    for (auto& one : active_children())
      one.join();
    process_fixture::TearDown();
  }
};

TEST_F(coroutine_async_test, awaits_processes) {
  int sum = 0;
  [](int& sum) -> task {
    for (int i = 0; i < 3; ++i)
      sum += co_await async(twice, i);
    try {
      co_await async([]() -> int { throw std::out_of_range("no city"); });
    } catch (const task_failure& failure) {
      sum += failure.is<std::out_of_range>() ? 100 : 0;
    }
  }(sum)
                      .get();
  EXPECT_EQ(sum, 106);
}

TEST_F(coroutine_async_test, awaits_tasks_of_a_pool) {
  pool workers{2};
  int sum = 0;
  [](pool& workers, int& sum) -> task {
    for (int i = 0; i < 3; ++i)
      sum += co_await workers.submit(twice, i);
    std::vector<int> inputs{10, 20};
    auto all = co_await workers.map_async(twice, inputs);
    sum += all[0] + all[1];
    try {
      co_await workers.submit(
          []() -> int { throw std::out_of_range("no city"); });
    } catch (const task_failure& failure) {
      sum += failure.is<std::out_of_range>() ? 100 : 0;
    }
  }(workers, sum)
                                     .get();
  EXPECT_EQ(sum, 166);
}

} // namespace

} // namespace ramet::test
