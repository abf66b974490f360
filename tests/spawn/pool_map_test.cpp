// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// One function over many inputs.

#include "os_posix.hpp"
#include "pool_fixture.hpp"

#include <ramet/pipe.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <forward_list>
#include <fstream>
#include <future>
#include <iterator>
#include <list>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <utility>

#include <pty.h>
#include <unistd.h>

namespace ramet::test {

namespace {

class pool_map : public pool_fixture {};

double power(double base, int exponent) {
  double result = 1;
  for (int i = 0; i < exponent; ++i)
    result *= base;
  return result;
}

int odd_ones_fail(int x) {
  if (x % 2)
    throw std::invalid_argument("odd: " + std::to_string(x));
  return x;
}

std::vector<int> first(int n) {
  auto all = std::views::iota(0, n);
  return {all.begin(), all.end()};
}

std::vector<int> doubled(int n) {
  std::vector<int> result;
  for (int i = 0; i < n; ++i)
    result.push_back(2 * i);
  return result;
}

TEST_F(pool_map, keeps_the_order_of_inputs) {
  pool workers{2};
  for (std::size_t chunk : {0, 1, 3, 100, 1000})
    EXPECT_EQ(workers.map(twice, first(500), {.chunk = chunk}), doubled(500))
        << chunk;
}

TEST_F(pool_map, takes_any_range) {
  pool workers{2};
  EXPECT_EQ(workers.map(twice, std::list{1, 2, 3}), (std::vector{2, 4, 6}));
  EXPECT_EQ(workers.map(twice, std::forward_list{1, 2}), (std::vector{2, 4}));
  EXPECT_EQ(workers.map(twice, std::views::iota(0, 3)), (std::vector{0, 2, 4}));
  std::istringstream text{"1 2 3"};
  EXPECT_EQ(workers.map(twice, std::ranges::istream_view<int>(text)),
            (std::vector{2, 4, 6}));
  std::vector<std::string> names{"a", "bc"};
  EXPECT_EQ(workers.map([](const std::string& s) { return s.size(); }, names),
            (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(names, (std::vector<std::string>{"a", "bc"}));
  EXPECT_EQ(workers.map([](int x) { return x > 1; }, std::vector{1, 2}),
            (std::vector{false, true}));
}

TEST_F(pool_map, takes_no_inputs) {
  pool workers{1};
  EXPECT_TRUE(workers.map(twice, std::vector<int>{}).empty());
  EXPECT_TRUE(workers.map_async(twice, std::vector<int>{}).get().empty());
  EXPECT_FALSE(workers.imap(twice, std::vector<int>{}).next());
}

TEST_F(pool_map, calls_functions_without_a_result) {
  pool workers{2};
  workers.map([](int) {}, first(100));
  workers.map_async([](int) {}, first(100), {.chunk = 7}).get();
}

TEST_F(pool_map, spreads_pairs_and_tuples) {
  pool workers{2};
  std::vector<std::pair<double, int>> pairs{{2, 3}, {3, 2}, {10, 0}};
  EXPECT_EQ(workers.starmap(power, pairs), (std::vector<double>{8, 9, 1}));
  std::vector<std::tuple<int, int, int>> triples{{1, 2, 3}, {4, 5, 6}};
  auto sum = [](int a, int b, int c) { return a + b + c; };
  EXPECT_EQ(workers.starmap_async(sum, triples).get(), (std::vector{6, 15}));
}

TEST_F(pool_map, throws_the_first_failure_when_all_is_done) {
  pool workers{2};
  for (std::size_t chunk : {1, 4}) {
    auto failure = task_failure_of([&] {
      return workers.map(odd_ones_fail, first(100), {.chunk = chunk});
    });
    ASSERT_TRUE(failure && failure->exception());
    EXPECT_EQ(failure->exception()->message, "odd: 1");
  }
  EXPECT_EQ(workers.stats().pending, 0U);
  EXPECT_EQ(workers.map(twice, first(10)), doubled(10));
}

TEST_F(pool_map, passes_on_what_reading_the_inputs_throws) {
  pool workers{1};
  auto inputs = std::views::iota(0, 100) | std::views::transform([](int x) {
                  if (x == 50)
                    throw std::domain_error("no more");
                  return x;
                });
  EXPECT_THROW(workers.map(twice, inputs, {.chunk = 1}), std::domain_error);
  EXPECT_EQ(workers.apply(twice, 1), 2);
}

TEST_F(pool_map, gives_futures) {
  pool workers{2};
  auto one = workers.map_async(twice, first(100));
  auto other = workers.map_async(twice, first(200), {.chunk = 1});
  EXPECT_EQ(other.get(), doubled(200));
  EXPECT_EQ(one.get(), doubled(100));
  std::promise<std::size_t> called;
  workers.map_async(twice, first(50)).then([&](std::vector<int> all) {
    called.set_value(all.size());
  });
  EXPECT_EQ(called.get_future().get(), 50U);
}

struct run_on {
  queue<int> begun;
  void operator()(int) { announce_and_run(begun); }
};

TEST_F(pool_map, can_be_cancelled) {
  pool workers{1};
  queue<int> begun;
  auto all = workers.map_async(run_on{begun}, first(10), {.chunk = 1});
  auto worker = begun.get();
  EXPECT_TRUE(all.cancel());
  EXPECT_TRUE(failure_of(all, errc::closed));
  EXPECT_NE(workers.apply(pid_of_worker), worker);
  EXPECT_TRUE(begun.empty()) << "another was begun";
}

// -- lazily -------------------------------------------------------------------

TEST_F(pool_map, takes_an_endless_source_step_by_step) {
  pool workers{2};
  int taken = 0;
  auto source = std::views::iota(0) | std::views::transform([&](int x) {
                  ++taken;
                  return x;
                });
  auto results = workers.imap(twice, source, {.window = 8});
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(results.next(), 2 * i);
    EXPECT_LE(taken, i + 1 + 8);
  }
}

struct first_one_last {
  queue<int> go_on;
  int operator()(int x) {
    if (x == 0)
      go_on.get(); // until the others are done
    else if (x == 5)
      go_on.put(1);
    return x;
  }
};

TEST_F(pool_map, hands_out_in_order_what_comes_in_another) {
  pool workers{2};
  queue<int> go_on;
  auto results = workers.imap(first_one_last{go_on}, first(20), {.window = 10});
  int expected = 0;
  for (int x : results)
    EXPECT_EQ(x, expected++);
  EXPECT_EQ(expected, 20);
}

struct first_one_when_told {
  queue<int> go_on;
  int operator()(int x) { return x == 0 ? go_on.get() : x; }
};

TEST_F(pool_map, hands_out_what_comes_first) {
  pool workers{2};
  queue<int> go_on;
  auto results = workers.imap_unordered(first_one_when_told{go_on}, first(6),
                                        {.window = 6});
  std::set<int> before;
  for (int i = 0; i < 5; ++i)
    before.insert(results.next().value());
  EXPECT_EQ(before, (std::set{1, 2, 3, 4, 5}));
  go_on.put(77);
  EXPECT_EQ(results.next(), 77);
  EXPECT_FALSE(results.next());
}

TEST_F(pool_map, goes_on_behind_a_failure) {
  pool workers{2};
  for (std::size_t chunk : {1, 3}) {
    auto results = workers.imap(odd_ones_fail, first(10), {.chunk = chunk});
    for (int i = 0; i < 10; ++i)
      if (i % 2)
        EXPECT_THROW(results.next(), task_failure);
      else
        EXPECT_EQ(results.next(), i);
    EXPECT_FALSE(results.next());
  }
}

struct second_one_for_ever {
  queue<int> begun;
  int operator()(int x) {
    begun.put(x);
    if (x == 1)
      run_for_ever();
    return x;
  }
};

TEST_F(pool_map, cancels_what_nobody_will_look_at) {
  pool workers{1};
  queue<int> begun;
  {
    auto results =
        workers.imap(second_one_for_ever{begun}, first(100), {.window = 50});
    EXPECT_EQ(results.next(), 0);
    EXPECT_EQ(begun.get(), 0);
    EXPECT_EQ(begun.get(), 1);
  }
  EXPECT_EQ(workers.apply(twice, 1), 2);
  EXPECT_TRUE(begun.empty());
}

TEST_F(pool_map, cancels_many_while_others_receive) {
  pool workers{2};
  std::atomic<bool> over{false};
  std::jthread other{[&] {
    while (!over)
      EXPECT_EQ(workers.apply(twice, 1), 2);
  }};
  for (int round = 0; round < 200; ++round) {
    {
      auto results = workers.imap_unordered(twice, first(200), {.window = 200});
      EXPECT_TRUE(results.next());
    }
    EXPECT_LE(workers.stats().pending, 1U); // the other thread's
  }
  over = true;
}

// -- progress -----------------------------------------------------------------

TEST_F(pool_map, tells_how_far_it_is) {
  pool workers{2};
  for (std::size_t chunk : {1, 7}) {
    std::vector<progress> told;
    try {
      workers.map(odd_ones_fail, first(100),
                  {.chunk = chunk, .progress = [&](const progress& now) {
                     told.push_back(now);
                   }});
      FAIL() << "nothing was thrown";
    } catch (const task_failure&) {
    }
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(told.front().done, 0U);
    for (std::size_t i = 1; i < told.size(); ++i) {
      EXPECT_GE(told[i].done, told[i - 1].done);
      EXPECT_GE(told[i].failed, told[i - 1].failed);
      EXPECT_GE(told[i].elapsed, told[i - 1].elapsed);
    }
    EXPECT_EQ(told.back().done, 100U);
    EXPECT_EQ(told.back().total, 100U);
    EXPECT_EQ(told.back().failed, 50U);
    EXPECT_TRUE(told.back().finished());
    EXPECT_GT(told.back().rate(), 0);
  }
}

TEST_F(pool_map, tells_the_end_of_inputs_that_cannot_be_counted) {
  pool workers{2};
  auto numbers = first(100);
  auto inputs = numbers | std::views::filter([](int x) { return x % 2; });
  progress last;
  auto tell = [&](const progress& now) { last = now; };
  auto expect_all_told = [&] {
    EXPECT_EQ(last.done, 50U);
    EXPECT_EQ(last.total, 50U);
    EXPECT_TRUE(std::exchange(last, {}).finished());
  };
  workers.map(twice, inputs, {.chunk = 3, .progress = tell});
  expect_all_told();
  std::ranges::for_each(workers.imap(twice, inputs, {.progress = tell}),
                        [](int) {});
  expect_all_told();
  std::ranges::for_each(
      workers.imap_unordered(twice, inputs, {.chunk = 3, .progress = tell}),
      [](int) {});
  expect_all_told();
}

TEST_F(pool_map, lets_progress_functions_use_the_pool) {
  pool workers{2};
  std::atomic<int> calls{0};
  std::size_t done = 0;
  auto tell = [&](const progress& now) {
    EXPECT_EQ(workers.apply(twice, 2), 4);
    workers.stats();
    EXPECT_GE(now.done, done);
    done = now.done;
    ++calls;
  };
  workers.map(twice, first(50), {.chunk = 1, .progress = tell});
  EXPECT_EQ(std::exchange(done, 0), 50U);
  for (bool other_thread : {false, true}) {
    auto all = workers.map_async(twice, first(50), {.progress = tell});
    if (other_thread)
      std::jthread{[&] { workers.apply(twice, 1); }}.join();
    EXPECT_EQ(all.get().size(), 50U);
    EXPECT_EQ(std::exchange(done, 0), 50U);
  }
  for (int y : workers.imap_unordered(twice, first(50), {.progress = tell}))
    EXPECT_LT(y, 100);
  EXPECT_EQ(done, 50U);
  EXPECT_GT(calls, 4);
}

TEST_F(pool_map, gives_up_waiting_for_a_result_but_keeps_it) {
  pool workers{1};
  auto [here, there] = pipe();
  auto waiting =
      workers.submit([](connection end) { end.recv<int>(); }, std::move(there));
  auto results = workers.imap(twice, first(2));
  EXPECT_FALSE(results.next_for(1ms));
  EXPECT_FALSE(results.exhausted());
  here.send(1);
  EXPECT_EQ(results.next_for(20s), 0);
  EXPECT_EQ(results.next(), 2);
  EXPECT_TRUE(results.exhausted());
  EXPECT_FALSE(results.next_for(20s));
  waiting.get();
}

TEST_F(pool_map, writes_plain_lines_of_progress_where_nobody_looks) {
  testing::internal::CaptureStderr();
  auto bar = progress_bar("work");
  bar({.done = 0, .total = 4});
  bar({.done = 2, .failed = 1, .total = 4, .elapsed = 1s});
  bar({.done = 4, .failed = 1, .total = 4, .elapsed = 2s});
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "work  4/4  100 %  in 2.0 s, 2.0/s, 1 failed\n");
}

// While it lives, stderr is a terminal, whose screen it shows.
class terminal_for_errors {
public:
  terminal_for_errors() {
    int screen = -1;
    int line = -1;
    EXPECT_EQ(::openpty(&screen, &line, nullptr, nullptr, nullptr), 0);
    screen_ = detail::unique_fd{screen};
    line_ = detail::unique_fd{line};
    ::dup2(line, STDERR_FILENO);
  }
  ~terminal_for_errors() { ::dup2(before_.get(), STDERR_FILENO); }
  terminal_for_errors(const terminal_for_errors&) = delete;
  terminal_for_errors& operator=(const terminal_for_errors&) = delete;

  // What was written since the last call.
  std::string shown() const {
    std::array<char, 1000> text;
    auto size = ::read(screen_.get(), text.data(), text.size());
    return {text.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }

private:
  detail::unique_fd before_{::dup(STDERR_FILENO)};
  detail::unique_fd screen_;
  detail::unique_fd line_;
};

TEST_F(pool_map, writes_its_line_of_progress_anew_on_a_terminal) {
  terminal_for_errors terminal;
  auto bar = progress_bar("work");
  std::this_thread::sleep_for(150ms); // it is not written more often
  auto begun = std::chrono::steady_clock::now();
  bar({.done = 1, .failed = 1, .total = 4, .elapsed = 10s});
  EXPECT_EQ(terminal.shown(), "\rwork  1/4  25 %  0.1/s  30 s left, 1 failed");
  bar({.done = 2, .failed = 1, .total = 4, .elapsed = 10s});
  bool soon = std::chrono::steady_clock::now() - begun < 100ms;
  bar({.done = 4, .failed = 1, .total = 4, .elapsed = 11s});
  std::string last = "\rwork  4/4  100 %  in 11 s, 0.4/s, 1 failed \r\n";
  auto shown = terminal.shown();
  if (soon)
    EXPECT_EQ(shown, last);
  else // the machine was busy
    EXPECT_TRUE(shown.ends_with(last)) << shown;
}

TEST(progress_test, tells_rate_and_time_left) {
  progress half{.done = 50, .total = 100, .elapsed = 5s};
  EXPECT_DOUBLE_EQ(half.rate(), 10);
  EXPECT_EQ(half.left(), 5s);
  progress unknown{.done = 50, .elapsed = 5s};
  EXPECT_EQ(unknown.left(), 0s);
  EXPECT_EQ(progress{}.rate(), 0);
}

// -- timeline -----------------------------------------------------------------

std::string contents_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::size_t times_in(const std::string& part, const std::string& text) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

TEST_F(pool_map, records_which_worker_ran_what_when) {
  pool workers{{.workers = 2, .name = "<mill>", .timeline = true}};
  try {
    workers.map(odd_ones_fail, first(10), {.chunk = 1});
  } catch (const task_failure&) {
  }
  task_failure_of([&] { return workers.apply(odd_ones_fail, 1); });
  auto all = workers.timeline();
  ASSERT_EQ(all.spans.size(), 11U);
  EXPECT_TRUE(all.spans.back().failed);
  for (auto& one : all.spans) {
    EXPECT_LE(one.begin, one.end);
    EXPECT_LT(one.worker, all.workers.size());
  }
  auto folder = std::filesystem::temp_directory_path();
  auto svg = folder / ("ramet-timeline-" + std::to_string(::getpid()) + ".svg");
  auto trace = folder / ("ramet-trace-" + std::to_string(::getpid()) + ".json");
  all.save_svg(svg);
  all.save_trace(trace);
  auto drawing = contents_of(svg);
  auto events = contents_of(trace);
  std::filesystem::remove(svg);
  std::filesystem::remove(trace);
  EXPECT_TRUE(drawing.starts_with("<svg "));
  EXPECT_TRUE(drawing.ends_with("</svg>\n"));
  EXPECT_EQ(times_in("<title>task ", drawing), 11U);
  EXPECT_EQ(times_in("&lt;mill>", drawing), 1 + all.workers.size());
  EXPECT_EQ(times_in("\"ph\":\"X\"", events), 11U);
  EXPECT_THROW(all.save_svg("/no/such/folder/x.svg"), error);
}

} // namespace

} // namespace ramet::test
