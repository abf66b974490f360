// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "process_fixture.hpp"
#include "promised.hpp"

#include <ramet/asio.hpp>
#include <ramet/async.hpp>
#include <ramet/pool.hpp>
#include <ramet/task_failure.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <csignal>
#include <exception>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace ramet::test {

namespace {

namespace asio = boost::asio;
using asio::use_awaitable;

// Rethrows what escapes a coroutine, out of run().
constexpr auto rethrow = [](std::exception_ptr problem) {
  if (problem)
    std::rethrow_exception(problem);
};

TEST(future_asio_test, is_awaited_by_a_coroutine_on_its_executor) {
  asio::io_context io;
  promised<std::string> p;
  std::string heard;
  std::thread::id where;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        heard = co_await async_get(std::move(p.result), use_awaitable);
        where = std::this_thread::get_id();
      },
      rethrow);
  io.poll();
  EXPECT_EQ(heard, "");
  std::jthread completing{[&] { p.state->complete("Oslo"); }};
  io.run(); // has work until then
  EXPECT_EQ(heard, "Oslo");
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(future_asio_test, gives_nothing_of_a_future_of_nothing) {
  asio::io_context io;
  promised<void> p;
  p.state->complete();
  bool done = false;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        co_await async_get(std::move(p.result), use_awaitable);
        done = true;
      },
      rethrow);
  io.run();
  EXPECT_TRUE(done);
}

TEST(future_asio_test, throws_the_very_exception) {
  asio::io_context io;
  promised<int> p;
  auto failure = std::make_exception_ptr(std::out_of_range("no such city"));
  p.state->fail(failure);
  std::exception_ptr caught;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        try {
          co_await async_get(std::move(p.result), use_awaitable);
        } catch (...) {
          caught = std::current_exception();
        }
      },
      rethrow);
  io.run();
  EXPECT_EQ(caught, failure);
}

TEST(future_asio_test, calls_a_handler_on_its_executor_and_never_within) {
  asio::io_context io;
  promised<std::unique_ptr<int>> p;
  p.state->complete(std::make_unique<int>(7));
  int heard = 0;
  async_get(std::move(p.result),
            asio::bind_executor(
                io, [&heard, only_moved = std::make_unique<int>(1)](
                        std::exception_ptr problem, std::unique_ptr<int> x) {
                  EXPECT_FALSE(problem);
                  heard = *x + *only_moved;
                }));
  EXPECT_EQ(heard, 0);
  EXPECT_FALSE(p.result.valid());
  io.run();
  EXPECT_EQ(heard, 8);
}

TEST(future_asio_test, works_with_std_future_and_bare_callbacks) {
  promised<int> p;
  std::future<int> other = async_get(std::move(p.result), asio::use_future);
  p.state->complete(7);
  EXPECT_EQ(other.get(), 7);

  promised<int> failing;
  std::promise<std::exception_ptr> heard;
  async_get(std::move(failing.result), [&](std::exception_ptr problem, int x) {
    EXPECT_EQ(x, 0);
    heard.set_value(problem);
  });
  auto failure = std::make_exception_ptr(std::runtime_error("x"));
  failing.state->fail(failure);
  EXPECT_EQ(heard.get_future().get(), failure);
}

TEST(future_asio_test, cancels_the_future_through_the_slot) {
  asio::io_context io;
  promised<int> p;
  asio::cancellation_signal cancelling;
  std::exception_ptr heard;
  async_get(std::move(p.result),
            asio::bind_cancellation_slot(
                cancelling.slot(),
                asio::bind_executor(io, [&](std::exception_ptr problem, int) {
                  heard = problem;
                })));
  cancelling.emit(asio::cancellation_type::total);
  EXPECT_FALSE(heard);
  io.run();
  EXPECT_EQ(code_of([&] { std::rethrow_exception(heard); }), errc::closed);
  EXPECT_FALSE(p.state->complete(7));
}

TEST(future_asio_test, forgets_the_slot_when_it_has_completed) {
  asio::io_context io;
  promised<int> p;
  std::weak_ptr watched{p.state};
  asio::cancellation_signal cancelling;
  async_get(std::move(p.result),
            asio::bind_cancellation_slot(
                cancelling.slot(),
                asio::bind_executor(io, [](std::exception_ptr, int) {})));
  p.state->complete(7);
  p.state = nullptr;
  io.run();
  EXPECT_TRUE(watched.expired());
  cancelling.emit(asio::cancellation_type::total);
}

TEST(future_asio_test, can_race_against_a_timer) {
  using namespace asio::experimental::awaitable_operators;
  asio::io_context io;
  promised<int> p;
  std::size_t winner = 7;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        asio::steady_timer timer{io, 5ms};
        auto result = co_await (async_get(std::move(p.result), use_awaitable)
                                || timer.async_wait(use_awaitable));
        winner = result.index();
      },
      rethrow);
  io.run();
  EXPECT_EQ(winner, 1U);
  EXPECT_FALSE(p.state->complete(7)); // it was cancelled
}

TEST(future_asio_test, serves_many_coroutines_in_many_threads) {
  constexpr int count = 1000;
  asio::thread_pool pool{3};
  auto strand = asio::make_strand(pool);
  std::vector<promised<int>> parts(count);
  int sum = 0; // guarded by the strand
  for (auto& one : parts)
    asio::co_spawn(
        strand,
        [&]() -> asio::awaitable<void> {
          sum += co_await async_get(std::move(one.result), use_awaitable);
        },
        rethrow);
  {
    std::vector<std::jthread> completing;
    for (int i = 0; i < 2; ++i)
      completing.emplace_back([&, i] {
        for (int j = i; j < count; j += 2)
          parts[j].state->complete(1);
      });
  }
  pool.join();
  EXPECT_EQ(sum, count);
}

int twice(int x) {
  return 2 * x;
}

int sleep_for_ever() {
  for (;;)
    ::pause();
}

class asio_async_test : public process_fixture {
protected:
  void TearDown() override {
    for (auto& one : active_children())
      one.join();
    process_fixture::TearDown();
  }
};

TEST_F(asio_async_test, awaits_processes) {
  asio::io_context io;
  int result = 0;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        result = co_await async_get(async(twice, 3), use_awaitable);
        result += co_await async_get(async(twice, 4), use_awaitable);
      },
      rethrow);
  io.run();
  EXPECT_EQ(result, 14);
}

TEST_F(asio_async_test, awaits_tasks_of_a_pool) {
  pool workers{2};
  asio::io_context io;
  int result = 0;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        result = co_await async_get(workers.submit(twice, 3), use_awaitable);
        std::vector<int> inputs{4, 5};
        auto all =
            co_await async_get(workers.map_async(twice, inputs), use_awaitable);
        result += all[0] + all[1];
      },
      rethrow);
  io.run();
  EXPECT_EQ(result, 24);
}

TEST_F(asio_async_test, kills_the_process_when_cancelled) {
  asio::io_context io;
  asio::cancellation_signal cancelling;
  std::exception_ptr heard;
  auto result = async(sleep_for_ever);
  auto child = std::move(active_children().at(0));
  async_get(std::move(result),
            asio::bind_cancellation_slot(
                cancelling.slot(),
                asio::bind_executor(io, [&](std::exception_ptr problem, int) {
                  heard = problem;
                })));
  cancelling.emit(asio::cancellation_type::terminal);
  io.run();
  EXPECT_TRUE(heard);
  child.join();
  EXPECT_EQ(child.status()->signal, SIGKILL);
}

} // namespace

} // namespace ramet::test
