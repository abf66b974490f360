// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "process_fixture.hpp"

#include <ramet/async.hpp>
#include <ramet/error.hpp>
#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace ramet::test {

namespace {

// Children are gone and settled.
void await_children() {
  for (auto& one : active_children())
    one.join();
}

class async_test : public process_fixture {
protected:
  void TearDown() override {
    await_children(); // a result is there a moment before the process has ended
    process_fixture::TearDown();
  }
};

struct person {
  std::string name;
  int age = 0;
};

double half(int x) {
  return x / 2.0;
}

person grown_up(person one, const std::string& title) {
  return {title + " " + one.name, one.age + 18};
}

// Not inlined, so that the backtrace has it.
__attribute__((noinline)) int find_city(const std::string& name) {
  if (!name.empty())
    throw std::out_of_range("no such city: " + name);
  return 1;
}

int travel(const std::string& name) {
  return find_city(name) + 1;
}

int sleep_for_ever() {
  for (;;)
    ::pause();
}

int wait_for_word(connection pipe) {
  return pipe.recv<int>();
}

template <class R>
std::optional<task_failure> failure_of(future<R>& result) {
  try {
    result.get();
  } catch (const task_failure& failure) {
    return failure;
  }
  ADD_FAILURE() << "nothing was thrown";
  return std::nullopt;
}

TEST_F(async_test, gives_what_the_function_returns) {
  future<double> result = async(half, 3);
  EXPECT_EQ(result.get(), 1.5);
  EXPECT_FALSE(result.valid());
}

TEST_F(async_test, runs_in_another_process) {
  auto result = async({.name = "worker-1"}, [] {
    return std::pair{this_process().name(), this_process().pid()};
  });
  auto [name, pid] = result.get();
  EXPECT_EQ(name, "worker-1");
  EXPECT_NE(pid, ::getpid());
}

TEST_F(async_test, takes_and_gives_aggregates) {
  auto result = async(grown_up, person{"Bob", 24}, "Mr");
  auto bob = result.get();
  EXPECT_EQ(bob.name, "Mr Bob");
  EXPECT_EQ(bob.age, 42);
}

TEST_F(async_test, may_give_nothing) {
  queue<int> out;
  future<void> result = async([](queue<int> to) { to.put(7); }, out);
  result.get();
  EXPECT_EQ(out.try_get(), 7);
}

const std::string& same(const std::string& text) {
  return text;
}

TEST_F(async_test, copies_what_a_returned_reference_refers_to) {
  future<std::string> result = async(same, "Oslo");
  EXPECT_EQ(result.get(), "Oslo");
}

struct counter {
  int state;
  int operator()(int more) { return state += more; }
};

TEST_F(async_test, calls_functors_and_member_functions) {
  EXPECT_EQ(async(counter{40}, 2).get(), 42);
  EXPECT_EQ(async(&counter::operator(), counter{30}, 3).get(), 33);
  EXPECT_EQ(async([](auto x) { return x + 1; }, 4).get(), 5);
}

TEST_F(async_test, gives_handles) {
  auto result = async([] {
    queue<std::string> made;
    made.put("from there");
    return made;
  });
  auto post = result.get();
  EXPECT_EQ(post.get(), "from there");
  await_children();
  post.put("and here");
  EXPECT_EQ(post.get(), "and here");
}

TEST_F(async_test, gives_what_can_only_be_moved) {
  auto [here, there] = pipe();
  auto result = async([](connection end) { return end; }, std::move(there));
  auto back = result.get();
  back.send(7);
  EXPECT_EQ(here.recv<int>(), 7);
}

TEST_F(async_test, gives_large_results) {
  constexpr std::size_t size = 64 * 1024 * 1024;
  auto result = async([](std::size_t n) { return std::string(n, 'x'); }, size);
  auto text = result.get();
  EXPECT_EQ(text.size(), size);
  EXPECT_EQ(text.find_first_not_of('x'), std::string::npos);
}

TEST_F(async_test, has_let_go_of_the_arguments_when_the_result_is_there) {
  auto [here, there] = pipe();
  async([](connection) { return 1; }, std::move(there)).get();
  EXPECT_THROW(here.send(1), error);
}

TEST_F(async_test, gives_nothing_before_the_time) {
  auto [here, there] = pipe();
  auto result = async(wait_for_word, std::move(there));
  EXPECT_FALSE(result.ready());
  EXPECT_FALSE(result.wait_for(5ms));
  EXPECT_EQ(result.try_get(), std::nullopt);
  EXPECT_EQ(result.get_for(5ms), std::nullopt);
  here.send(7);
  EXPECT_EQ(result.get_for(30s), 7);
}

TEST_F(async_test, becomes_ready_without_anybody_waiting) {
  auto result = async(half, 3);
  EXPECT_TRUE(eventually([&] { return result.ready(); }));
  EXPECT_EQ(result.try_get(), 1.5);
  auto failing = async(travel, "Atlantis");
  EXPECT_TRUE(eventually([&] { return failing.ready(); }));
  EXPECT_THROW(failing.get(), task_failure);
}

TEST_F(async_test, tells_what_the_function_threw) {
  auto result = async({.name = "worker-1"}, travel, "Atlantis");
  int pid = active_children().at(0).pid();
  auto failure = failure_of(result);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->code(), errc::child_failed);
  EXPECT_EQ(failure->what(), "async: process 'worker-1' (pid "
                                 + std::to_string(pid)
                                 + ") threw std::out_of_range: no such city: "
                                   "Atlantis");
  auto& thrown = failure->exception();
  ASSERT_TRUE(thrown);
  EXPECT_EQ(thrown->type, "std::out_of_range");
  EXPECT_EQ(thrown->message, "no such city: Atlantis");
  EXPECT_EQ(thrown->name, "worker-1");
  EXPECT_EQ(thrown->pid, pid);
}

TEST_F(async_test, tells_where_it_was_thrown) {
  auto result = async(travel, "Atlantis");
  auto failure = failure_of(result);
  ASSERT_TRUE(failure && failure->exception());
  auto& backtrace = failure->exception()->backtrace;
  auto thrower = backtrace.find("find_city");
  EXPECT_EQ(backtrace.find("#0 "), 0U) << backtrace;
  EXPECT_LT(thrower, backtrace.find('\n')) << backtrace;
  EXPECT_LT(thrower, backtrace.find("travel")) << backtrace;
  EXPECT_EQ(backtrace.find("ramet::detail"), std::string::npos) << backtrace;
}

TEST_F(async_test, tells_of_exceptions_that_are_none_of_std) {
  auto result = async([]() -> int { throw 42; });
  auto failure = failure_of(result);
  ASSERT_TRUE(failure && failure->exception());
  EXPECT_EQ(failure->exception()->type, "int");
  EXPECT_EQ(failure->exception()->message, "");
}

TEST_F(async_test, hands_an_exception_over_instead_of_printing_it) {
  testing::internal::CaptureStderr();
  auto result = async(travel, "Atlantis");
  auto child = std::move(active_children().at(0));
  EXPECT_TRUE(failure_of(result));
  child.join();
  EXPECT_EQ(child.status()->code, 0);
  EXPECT_FALSE(child.exception());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

struct chain {
  std::vector<chain> next;
};

TEST_F(async_test, tells_that_a_result_cannot_travel) {
  auto result = async([] {
    chain top;
    for (int i = 0; i < 1000; ++i) {
      chain above;
      above.next.push_back(std::move(top));
      top = std::move(above);
    }
    return top;
  });
  auto failure = failure_of(result);
  ASSERT_TRUE(failure && failure->exception());
  EXPECT_EQ(failure->exception()->type, "ramet::error");
}

TEST_F(async_test, tells_that_the_process_was_killed) {
  auto result = async({.name = "worker-1"}, sleep_for_ever);
  auto child = std::move(active_children().at(0));
  std::jthread killing{[&] { child.kill(); }};
  auto failure = failure_of(result);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->what(), "async: process 'worker-1' (pid "
                                 + std::to_string(child.pid())
                                 + ") killed by SIGKILL (9) before its "
                                   "function returned");
  ASSERT_TRUE(failure->status());
  EXPECT_EQ(failure->status()->signal, SIGKILL);
  EXPECT_FALSE(failure->exception());
}

TEST_F(async_test, tells_that_the_function_called_exit) {
  auto result = async([]() -> int { std::exit(3); });
  auto failure = failure_of(result);
  ASSERT_TRUE(failure && failure->status());
  EXPECT_EQ(failure->status()->code, 3);
}

TEST_F(async_test, keeps_the_result_of_a_process_that_is_killed_afterwards) {
  auto result = async([] {
    // Dies after the function has returned.
    std::atexit([] { ::raise(SIGKILL); });
    return 7;
  });
  await_children();
  EXPECT_EQ(result.get(), 7);
}

TEST_F(async_test, calls_back_with_the_result) {
  queue<double> heard;
  std::atomic<bool> elsewhere{false};
  auto here = std::this_thread::get_id();
  auto [parent_end, child_end] = pipe();
  async([](connection pipe) { return pipe.recv<double>(); },
        std::move(child_end))
      .then(
          [&elsewhere, here, heard](double x) mutable {
            elsewhere = std::this_thread::get_id() != here;
            heard.put(x);
          },
          [](const error& e) { ADD_FAILURE() << e.what(); });
  parent_end.send(1.5);
  EXPECT_EQ(heard.get_for(30s), 1.5);
  EXPECT_TRUE(elsewhere);
}

TEST_F(async_test, calls_back_at_once_when_the_result_is_there) {
  auto result = async(half, 3);
  result.wait();
  double heard = 0;
  result.then([&](double x) { heard = x; });
  EXPECT_EQ(heard, 1.5);
}

TEST_F(async_test, calls_back_with_what_was_thrown) {
  queue<std::string> heard;
  async(travel, "Atlantis")
      .then([](int) { ADD_FAILURE(); },
            [heard](const error& e) mutable {
              auto& failure = dynamic_cast<const task_failure&>(e);
              heard.put(failure.exception()->message);
            });
  EXPECT_EQ(heard.get_for(30s), "no such city: Atlantis");
}

TEST_F(async_test, calls_back_when_the_process_is_killed) {
  queue<std::string> heard;
  async(sleep_for_ever)
      .then([](int) { ADD_FAILURE(); },
            [heard](const error& e) mutable { heard.put(e.what()); });
  active_children().at(0).kill();
  auto text = heard.get_for(30s);
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("killed by SIGKILL"), std::string::npos) << *text;
}

TEST_F(async_test, may_be_waited_for_in_a_callback) {
  queue<std::string> heard;
  auto second = async(sleep_for_ever);
  auto child = std::move(active_children().at(0));
  async(half, 3).then([&, heard](double) mutable {
    child.kill();
    auto failure = failure_of(second); // needs the watcher to see that end
    heard.put(failure->what());
  });
  EXPECT_TRUE(heard.get_for(30s));
}

TEST_F(async_test, is_killed_by_cancel) {
  testing::internal::CaptureStderr();
  auto result = async(sleep_for_ever);
  auto child = std::move(active_children().at(0));
  EXPECT_TRUE(result.cancel());
  EXPECT_TRUE(result.ready());
  EXPECT_FALSE(result.cancel());
  child.join();
  EXPECT_EQ(child.status()->signal, SIGKILL);
  try {
    result.get();
    ADD_FAILURE();
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::closed);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(async_test, prints_nothing_when_cancelled_while_it_sends) {
  testing::internal::CaptureStderr();
  for (int i = 0; i < 30; ++i) {
    auto [here, there] = pipe();
    auto result = async(wait_for_word, std::move(there));
    here.send(i); // it is about to answer
    result.cancel();
  }
  await_children();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(async_test, is_not_cancelled_when_the_result_is_there) {
  auto result = async(half, 3);
  await_children();
  EXPECT_FALSE(result.cancel());
  EXPECT_EQ(result.get(), 1.5);
}

TEST_F(async_test, goes_on_when_the_future_is_dropped) {
  queue<int> out;
  testing::internal::CaptureStderr();
  async(
      [](queue<int> to) {
        to.put(7);
        return std::string(100'000, 'x');
      },
      out);
  EXPECT_EQ(out.get_for(30s), 7);
  await_children();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// Some classes of others have no text.
struct speechless : std::exception {
  const char* what() const noexcept override { return nullptr; }
};

TEST_F(async_test, tells_of_exceptions_that_say_nothing) {
  auto failed = async([] { throw speechless{}; });
  try {
    failed.get();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const task_failure& failure) {
    ASSERT_TRUE(failure.exception());
    EXPECT_NE(failure.exception()->type.find("speechless"), std::string::npos);
    EXPECT_EQ(failure.exception()->message, "");
  }
}

TEST_F(async_test, tells_once_of_a_failure_whose_future_was_dropped) {
  testing::internal::CaptureStderr();
  async({.name = "worker-1"}, travel, "Atlantis");
  auto child = std::move(active_children().at(0));
  child.join();
  // The thread that has seen the end tells, maybe another than this one.
  std::string printed;
  EXPECT_TRUE(eventually([&] {
    std::fflush(stderr);
    printed += testing::internal::GetCapturedStderr();
    testing::internal::CaptureStderr();
    return !printed.empty();
  }));
  printed += testing::internal::GetCapturedStderr();
  EXPECT_EQ(printed, "ramet: nobody looked at the failure of a future: async: "
                     "process 'worker-1' (pid "
                         + std::to_string(child.pid())
                         + ") threw std::out_of_range: no such city: "
                           "Atlantis\n");
}

TEST_F(async_test, tells_once_of_a_failure_that_was_there_when_dropped) {
  testing::internal::CaptureStderr();
  {
    auto waited = async(travel, "Atlantis");
    waited.wait();
    auto unread = async(travel, "Utopia");
    await_children();
  }
  auto printed = testing::internal::GetCapturedStderr();
  auto first = printed.find("Atlantis\n");
  auto second = printed.find("Utopia\n");
  EXPECT_NE(first, std::string::npos) << printed;
  EXPECT_NE(second, std::string::npos) << printed;
  EXPECT_EQ(printed.find("Atlantis", first + 1), std::string::npos) << printed;
  EXPECT_EQ(printed.find("Utopia", second + 1), std::string::npos) << printed;
}

TEST_F(async_test, may_be_done_by_hundreds_at_a_time) {
  constexpr int count = 200;
  std::vector<future<int>> results;
  for (int i = 0; i < count; ++i)
    results.push_back(async([](int x) { return x * x; }, i));
  for (int i = 0; i < count; ++i)
    EXPECT_EQ(results[static_cast<std::size_t>(i)].get(), i * i);
}

TEST_F(async_test, may_be_started_and_waited_for_by_many_threads) {
  std::atomic<int> sum{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 5; ++i)
          sum += static_cast<int>(async(half, 2 * t).get());
      });
  }
  EXPECT_EQ(sum, 5 * (7 * 8 / 2));
}

TEST_F(async_test, may_be_waited_for_by_many_threads_at_a_time) {
  for (bool killed : {false, true}) {
    auto [here, there] = pipe();
    auto result = async(wait_for_word, std::move(there));
    auto child = std::move(active_children().at(0));
    std::atomic<int> ready{0};
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
          result.wait();
          ready += result.ready();
        });
      EXPECT_FALSE(result.wait_for(5ms));
      if (killed)
        child.kill();
      else
        here.send(7);
    }
    EXPECT_EQ(ready, 4);
    if (killed)
      EXPECT_TRUE(failure_of(result));
    else
      EXPECT_EQ(result.get(), 7);
    await_children(); // the next one is to be the only one
  }
}

TEST_F(async_test, wakes_all_who_wait_before_the_process_has_ended) {
  auto [here, there] = pipe();
  queue<connection> elsewhere; // keeps the process until it is let go
  auto result = async(
      [](connection pipe, queue<connection> keep) {
        static connection held;
        held = keep.get();
        // In the thread that ends the process: after the result was sent.
        std::atexit([] {
          try {
            held.recv<int>();
          } catch (const error&) {
          }
        });
        return pipe.recv<int>();
      },
      std::move(there), elsewhere);
  auto [leash, child_leash] = pipe();
  elsewhere.put(std::move(child_leash));
  std::atomic<int> begun{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        ++begun;
        result.wait();
      });
    EXPECT_TRUE(eventually([&] { return begun == 4; }));
    EXPECT_FALSE(result.wait_for(5ms)); // some of them sleep by now
    here.send(7);
  }
  EXPECT_EQ(active_children().size(), 1U);
  leash.close();
  EXPECT_EQ(result.get(), 7);
}

int grandchild_sum(int n) {
  std::vector<future<int>> parts;
  for (int i = 0; i < n; ++i)
    parts.push_back(async([](int x) { return x; }, i));
  return std::accumulate(parts.begin(), parts.end(), 0,
                         [](int sum, auto& part) { return sum + part.get(); });
}

TEST_F(async_test, may_be_used_by_the_function_itself) {
  EXPECT_EQ(async(grandchild_sum, 5).get(), 10);
}

TEST_F(async_test, tells_of_arguments_that_cannot_travel_at_once) {
  chain top;
  for (int i = 0; i < 1000; ++i) {
    chain above;
    above.next.push_back(std::move(top));
    top = std::move(above);
  }
  EXPECT_THROW(async([](chain) {}, std::move(top)), error);
  EXPECT_TRUE(active_children().empty());
}

} // namespace

} // namespace ramet::test
