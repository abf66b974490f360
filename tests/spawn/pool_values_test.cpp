// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Pools when values cannot travel, and what becomes of arguments.

#include "pool_fixture.hpp"

#include <ramet/pipe.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ramet::test {

/// Travels as one number, which says what happens on the way.
struct bomb {
  int fuse = 0;
};

} // namespace ramet::test

template <>
struct ramet::detail::wire<ramet::test::bomb> {
  using parts = type_list<>;
  static consteval extent least() { return {sizeof(int), 0, true}; }

  enum : int {
    none,
    throw_encoding,
    throw_decoding,
    die_encoding,
    die_decoding,
    hang_decoding,
    exit_encoding,
    exit_decoding,
  };

  template <class Out>
  static void save(Out& out, const ramet::test::bomb& x) {
    if constexpr (std::is_same_v<Out, writer>) {
      if (x.fuse == throw_encoding)
        throw std::runtime_error("cannot be written");
      if (x.fuse == die_encoding)
        ::raise(SIGKILL);
      if (x.fuse == exit_encoding)
        std::exit(3);
    }
    out.bytes(&x.fuse, sizeof x.fuse);
  }
  static ramet::test::bomb load(reader& in) {
    ramet::test::bomb result;
    in.copy(&result.fuse, sizeof result.fuse, "bomb");
    if (result.fuse == throw_decoding)
      throw std::runtime_error("cannot be read");
    if (result.fuse == die_decoding)
      ::raise(SIGKILL);
    if (result.fuse == exit_decoding)
      std::exit(3);
    while (result.fuse == hang_decoding)
      ::pause();
    return result;
  }
};

namespace ramet::test {

namespace {

class pool_death : public pool_fixture {};

using fuse = detail::wire<bomb>;

bomb light(int kind) {
  return {kind};
}
int look_at(bomb x) {
  return x.fuse;
}

// Its task fails and says so; the worker goes on.
template <class Task>
void expect_failure_only(Task task, std::string_view text) {
  pool workers{1};
  auto pid = workers.apply(pid_of_worker);
  auto failure = task_failure_of([&] { return task(workers); });
  ASSERT_TRUE(failure);
  EXPECT_TRUE(says(*failure, text));
  EXPECT_EQ(workers.apply(pid_of_worker), pid);
}

TEST_F(pool_death, does_not_come_of_a_result_that_cannot_be_encoded) {
  expect_failure_only(
      [](pool& workers) {
        return workers.apply(light, int{fuse::throw_encoding});
      },
      "cannot be written");
}

TEST_F(pool_death, does_not_come_of_a_result_that_cannot_be_decoded) {
  pool workers{1};
  auto task = workers.submit(light, int{fuse::throw_decoding});
  EXPECT_THROW(task.get(), std::runtime_error);
  EXPECT_EQ(workers.apply(twice, 2), 4);
}

TEST_F(pool_death, does_not_come_of_an_argument_that_cannot_be_encoded) {
  pool workers{1};
  EXPECT_THROW(workers.submit(look_at, bomb{fuse::throw_encoding}),
               std::runtime_error);
  EXPECT_EQ(workers.stats().pending, 0U);
  EXPECT_EQ(workers.apply(twice, 2), 4);
}

TEST_F(pool_death, does_not_come_of_an_argument_that_cannot_be_decoded) {
  expect_failure_only(
      [](pool& workers) {
        return workers.apply(look_at, bomb{fuse::throw_decoding});
      },
      "cannot be read");
}

TEST_F(pool_death, in_any_phase_concerns_one_task) {
  pool workers{2};
  for (int i = 0; i < 5; ++i) {
    auto decoding = workers.submit(look_at, bomb{fuse::die_decoding});
    auto encoding = workers.submit(light, int{fuse::die_encoding});
    auto fine = workers.submit(twice, i);
    for (auto failure : {task_failure_of([&] { return decoding.get(); }),
                         task_failure_of([&] { encoding.get(); })}) {
      ASSERT_TRUE(failure && failure->status());
      EXPECT_EQ(failure->status()->signal, SIGKILL);
    }
    EXPECT_EQ(fine.get(), 2 * i);
  }
}

TEST_F(pool_death, by_exit_in_any_phase_concerns_one_task) {
  pool workers{2};
  for (int i = 0; i < 5; ++i) {
    auto decoding = workers.submit(look_at, bomb{fuse::exit_decoding});
    auto encoding = workers.submit(light, int{fuse::exit_encoding});
    auto fine = workers.submit(twice, i);
    for (auto failure : {task_failure_of([&] { return decoding.get(); }),
                         task_failure_of([&] { encoding.get(); })}) {
      ASSERT_TRUE(failure && failure->status());
      EXPECT_EQ(failure->status()->code, 3);
    }
    EXPECT_EQ(fine.get(), 2 * i);
  }
}

TEST_F(pool_death, by_exit_while_handles_are_taken_out_concerns_one_task) {
  pool workers{2};
  queue<int> passed;
  auto bad = workers.submit([](queue<int>, bomb) {}, passed,
                            bomb{fuse::exit_decoding});
  auto good = workers.submit([](queue<int> to) { to.put(1); }, passed);
  auto failure = task_failure_of([&] { bad.get(); });
  ASSERT_TRUE(failure && failure->status());
  EXPECT_EQ(failure->status()->code, 3);
  good.get();
  EXPECT_EQ(passed.get(), 1);
}

TEST_F(pool_death, while_handles_are_taken_out_concerns_one_task) {
  pool workers{2};
  queue<int> passed;
  auto bad =
      workers.submit([](queue<int>, bomb) {}, passed, bomb{fuse::die_decoding});
  auto good = workers.submit([](queue<int> to) { to.put(1); }, passed);
  EXPECT_TRUE(task_failure_of([&] { bad.get(); }));
  good.get();
  EXPECT_EQ(passed.get(), 1);
}

TEST_F(pool_death, while_a_pipes_end_is_taken_out_concerns_one_task) {
  pool workers{2};
  for (int i = 0; i < 5; ++i) {
    auto [here, there] = pipe();
    auto [mine, theirs] = pipe();
    auto bad = workers.submit([](connection, bomb) {}, std::move(there),
                              bomb{fuse::die_decoding});
    auto good =
        workers.submit([](connection to) { to.send(1); }, std::move(theirs));
    EXPECT_TRUE(task_failure_of([&] { bad.get(); }));
    good.get();
    EXPECT_EQ(mine.recv<int>(), 1);
  }
}

TEST_F(pool_death, does_not_come_of_one_result_of_a_chunk) {
  pool workers{1};
  auto results = workers.imap(
      light, std::vector<int>{fuse::none, fuse::throw_encoding, fuse::none},
      {.chunk = 3});
  EXPECT_TRUE(results.next());
  EXPECT_THROW(results.next(), task_failure);
  EXPECT_TRUE(results.next());
}

TEST_F(pool_death, does_not_come_of_one_input_that_cannot_be_encoded) {
  pool workers{1};
  for (unsigned retries : {0, 1}) {
    auto results = workers.imap(
        look_at,
        std::vector<bomb>{{fuse::none}, {fuse::throw_encoding}, {fuse::none}},
        {.retries = retries});
    EXPECT_EQ(results.next(), int{fuse::none});
    EXPECT_THROW(results.next(), std::runtime_error);
    EXPECT_EQ(results.next(), int{fuse::none});
    EXPECT_FALSE(results.next());
  }
}

void take_handle_and_bomb(queue<int>, bomb) {}

TEST_F(pool_death, comes_to_tasks_whose_arguments_take_too_long) {
  pool workers{2};
  queue<int> passed;
  auto hanging = workers.submit({.timeout = 50ms}, take_handle_and_bomb, passed,
                                bomb{fuse::hang_decoding});
  EXPECT_TRUE(failure_of(hanging, errc::timed_out));
  EXPECT_EQ(workers.apply(twice, 2), 4);
}

TEST_F(pool_death, comes_to_those_whose_arguments_hang_when_the_pool_ends) {
  pool workers{2};
  queue<int> passed;
  auto hanging =
      workers.submit(take_handle_and_bomb, passed, bomb{fuse::hang_decoding});
  auto is_working = [](const worker_stats& one) { return one.working; };
  ASSERT_TRUE(eventually([&] {
    return std::ranges::any_of(workers.stats().workers, is_working);
  }));
  for (auto& one : workers.stats().workers)
    if (!one.working)
      ::kill(one.pid, SIGKILL);
  auto start = std::chrono::steady_clock::now();
  workers.terminate();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  EXPECT_TRUE(failure_of(hanging, errc::closed));
}

TEST_F(pool_death, does_not_come_of_large_values) {
  pool workers{2};
  std::string text(8 << 20, 'x');
  auto task = workers.submit(
      [](std::string s) {
        s += 'y';
        return s;
      },
      text);
  auto killed = workers.submit(
      [](std::string) -> std::string {
        ::raise(SIGKILL);
        return {};
      },
      text);
  EXPECT_EQ(task.get().size(), text.size() + 1);
  EXPECT_TRUE(task_failure_of([&] { return killed.get(); }));
}

TEST_F(pool_death, does_not_come_of_exceptions_that_have_much_to_say) {
  pool workers{1};
  auto pid = workers.apply(pid_of_worker);
  auto failure = task_failure_of([&] {
    return workers.apply(
        []() -> int { throw std::runtime_error(std::string(8'000'000, 'x')); });
  });
  ASSERT_TRUE(failure && failure->exception());
  EXPECT_TRUE(failure->exception()->message.starts_with("xxx"));
  EXPECT_EQ(workers.apply(pid_of_worker), pid);
}

// -- arguments are let go of --------------------------------------------------

class pool_arguments : public pool_fixture {};

std::size_t objects() {
  return count_files(detail::family::mine().directory());
}

/// Shared objects of its own, which go with the last handle.
queue<int> used_queue() {
  queue<int> result;
  result.put(0);
  result.get();
  return result;
}

void expect_no_other_end(connection& here) {
  EXPECT_EQ(here.recv<int>(), 1);
  try {
    here.send(2);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const error& problem) {
    EXPECT_EQ(problem.code(), errc::closed) << problem.what();
  }
}

struct holder {
  connection end;
  void operator()() { end.send(1); }
};

TEST_F(pool_arguments, are_gone_when_the_result_is_there) {
  pool workers{1};
  for (int i = 0; i < 100; ++i) { // at once, not soon
    auto [here, there] = pipe();
    workers.submit([](connection end) { end.send(1); }, std::move(there)).get();
    expect_no_other_end(here);
    auto [near, far] = pipe();
    workers.submit(holder{std::move(far)}).get();
    expect_no_other_end(near);
  }
}

TEST_F(pool_arguments, are_kept_for_retries_no_longer_than_it_needs) {
  pool workers{1};
  auto before = objects();
  auto task = workers.submit(
      {.retries = 3}, [](queue<int> q) { return q.empty(); }, used_queue());
  task.wait();
  EXPECT_TRUE(eventually([&] { return objects() == before; }))
      << objects() << " objects, not " << before;
  EXPECT_TRUE(task.get());
}

TEST_F(pool_arguments, are_gone_when_the_task_has_failed) {
  pool workers{1};
  auto before = objects();
  auto task = workers.submit(
      {.retries = 1}, [](queue<int>) { ::raise(SIGKILL); }, used_queue());
  task.wait();
  EXPECT_TRUE(eventually([&] { return objects() == before; }))
      << objects() << " objects, not " << before;
  EXPECT_TRUE(task_failure_of([&] { task.get(); }));
}

TEST_F(pool_arguments, of_a_cancelled_task_are_gone_when_its_turn_has_passed) {
  pool workers{1};
  auto go_on = used_queue();
  auto before = objects();
  auto first =
      workers.submit([](queue<int> go_on) { return go_on.get(); }, go_on);
  auto task = workers.submit([](queue<int>) {}, used_queue());
  EXPECT_TRUE(task.cancel());
  go_on.put(1);
  EXPECT_EQ(first.get(), 1);
  workers.apply(twice, 1);
  EXPECT_TRUE(eventually([&] { return objects() == before; }))
      << objects() << " objects, not " << before;
}

TEST_F(pool_arguments, are_gone_when_a_task_that_runs_is_cancelled) {
  pool workers{1};
  queue<int> begun = used_queue();
  auto before = objects();
  auto task = workers.submit(
      [](queue<int> begun, queue<int>) { announce_and_run(begun); }, begun,
      used_queue());
  begun.get();
  EXPECT_TRUE(task.cancel());
  EXPECT_TRUE(eventually([&] { return objects() == before; }))
      << objects() << " objects, not " << before;
}

TEST_F(pool_arguments, are_kept_for_retries_no_longer_than_until_a_cancel) {
  pool workers{1};
  auto begun = used_queue();
  auto before = objects();
  auto task = workers.submit(
      {.retries = 3},
      [](queue<int> begun, queue<int>) { announce_and_run(begun); }, begun,
      used_queue());
  begun.get();
  EXPECT_TRUE(task.cancel());
  EXPECT_TRUE(eventually([&] { return objects() == before; }))
      << objects() << " objects, not " << before;
}

TEST_F(pool_arguments, of_a_map_are_kept_for_retries_until_it_is_cancelled) {
  pool workers{1};
  auto begun = used_queue();
  auto before = objects();
  std::vector<std::pair<queue<int>, queue<int>>> inputs;
  inputs.emplace_back(begun, used_queue());
  auto all = workers.starmap_async(
      [](queue<int> begun, queue<int>) { announce_and_run(begun); }, inputs,
      {.retries = 3});
  inputs.clear();
  begun.get();
  EXPECT_TRUE(all.cancel());
  EXPECT_TRUE(eventually([&] { return objects() == before; }))
      << objects() << " objects, not " << before;
}

} // namespace

} // namespace ramet::test
