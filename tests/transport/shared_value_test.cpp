// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/shared_value.hpp>

#include "../system/system_test.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::literals;
using ramet::errc;
using ramet::raw_shared_value;
using ramet::shared_value;
using ramet_test::expect_error;
using ramet_test::long_enough;

struct point {
  std::int32_t x = 1;
  std::int32_t y = 2;
  std::array<double, 4> more{};

  friend bool operator==(const point&, const point&) = default;
};

class shared_value_test : public ramet_test::system_test {};

TEST_F(shared_value_test, begins_as_it_is_told) {
  EXPECT_EQ(shared_value<int>{}.load(), 0);
  EXPECT_EQ(shared_value<int>{7}.load(), 7);
  EXPECT_EQ(shared_value<point>{}.load(), point{});
  EXPECT_EQ((shared_value<point>{{3, 4, {5}}}.load()), (point{3, 4, {5}}));
  EXPECT_EQ(raw_shared_value<double>{2.5}.load(), 2.5);
}

TEST_F(shared_value_test, is_the_same_one_in_all_copies) {
  shared_value<int> value{1};
  auto copy = value;
  auto moved = std::move(copy);
  shared_value<int> assigned;
  assigned = value;
  ++*moved.lock();
  EXPECT_EQ(value.load(), 2);
  EXPECT_EQ(copy.load(), 2) << "a handle moved from is still one";
  assigned.store(5);
  EXPECT_EQ(value.load(), 5);
}

TEST_F(shared_value_test, is_changed_by_other_processes) {
  shared_value<int> value{40};
  shared_value<point> other;
  ramet::process{[](shared_value<int> value, shared_value<point> other) {
                   ++*value.lock();
                   value.fetch_add(1);
                   other.lock()->x = 9;
                 },
                 value, other}
      .join();
  EXPECT_EQ(value.load(), 42);
  EXPECT_EQ(other.load().x, 9);
}

// All go on at the same time.
void meet(shared_value<int> there, int all) {
  there.fetch_add(1);
  while (there.load() < all)
    std::this_thread::yield();
}

void add_locked(shared_value<std::int64_t> value, shared_value<int> there,
                int rounds) {
  meet(there, 4);
  for (int i = 0; i < rounds; ++i)
    ++*value.lock();
}

void add_at_once(shared_value<std::int64_t> value, shared_value<int> there,
                 int rounds) {
  meet(there, 4);
  for (int i = 0; i < rounds; ++i)
    value.fetch_add(1);
}

TEST_F(shared_value_test, loses_no_addition) {
  // So many that they take longer than a turn on the processor.
  for (auto [add, rounds] :
       {std::pair{&add_locked, 50'000}, std::pair{&add_at_once, 2'000'000}}) {
    shared_value<std::int64_t> value;
    shared_value<int> there;
    {
      std::vector<ramet::process> all;
      for (int i = 0; i < 3; ++i)
        all.emplace_back(add, value, there, rounds);
      add(value, there, rounds);
      for (auto& each : all)
        each.join();
    }
    EXPECT_EQ(value.load(), 4 * rounds);
  }
}

TEST_F(shared_value_test, that_is_large_is_never_seen_half_changed) {
  shared_value<std::array<int, 4000>> value;
  ramet::process writer{[](shared_value<std::array<int, 4000>> value) {
                          std::array<int, 4000> all;
                          for (int i = 1; i <= 5000; ++i) {
                            all.fill(i);
                            value.store(all);
                          }
                        },
                        value};
  for (int last = 0; last < 5000;) {
    auto all = value.load();
    last = all.front();
    for (int each : all)
      ASSERT_EQ(each, last);
  }
  writer.join();
}

TEST_F(shared_value_test, does_in_one_step_what_the_processor_can) {
  static_assert(shared_value<int>::is_always_lock_free);
  static_assert(!shared_value<point>::is_always_lock_free);
  shared_value<int> value{3};
  EXPECT_EQ(value.fetch_add(4), 3);
  EXPECT_EQ(value.fetch_sub(2), 7);
  EXPECT_EQ(value.exchange(10), 5);
  int expected = 9;
  EXPECT_FALSE(value.compare_exchange(expected, 1));
  EXPECT_EQ(expected, 10);
  EXPECT_TRUE(value.compare_exchange(expected, 1));
  EXPECT_EQ(value.load(), 1);
  shared_value<double> real{0.5};
  EXPECT_EQ(real.fetch_add(0.25), 0.5);
  EXPECT_EQ(real.load(), 0.75);
  shared_value<point> large;
  EXPECT_EQ(large.exchange({3, 4, {}}), point{});
  EXPECT_EQ(large.load().y, 4);
}

TEST_F(shared_value_test, can_be_read_though_it_is_locked) {
  shared_value<int> value{1};
  auto here = value.lock();
  std::thread{[&] {
    EXPECT_EQ(value.load(), 1);
    EXPECT_FALSE(value.try_lock());
    EXPECT_FALSE(value.try_lock_for(10ms));
  }}.join();
  *here = 2;
  EXPECT_EQ(value.load(), 2);
}

TEST_F(shared_value_test, is_locked_until_the_end_of_the_scope) {
  shared_value<int> value;
  {
    auto here = value.try_lock();
    ASSERT_TRUE(here);
    **here = 4;
    expect_error(errc::protocol, {"holds"}, [&] { value.lock(); });
  }
  std::thread{[&] {
    auto here = value.try_lock_for(long_enough);
    ASSERT_TRUE(here);
    EXPECT_EQ(**here, 4);
  }}.join();
}

TEST_F(shared_value_test, keeps_its_memory_while_it_is_locked) {
  auto value = std::make_unique<shared_value<int>>(5);
  auto here = value->lock();
  value.reset();
  ++*here;
  EXPECT_EQ(*here, 6);
}

TEST_F(shared_value_test, gives_its_lock_to_others) {
  shared_value<int> value;
  auto lock = value.mutex();
  ramet::queue<bool> out;
  std::scoped_lock guard{lock};
  ramet::process{
      [](ramet::mutex lock, shared_value<int> value, ramet::queue<bool> out) {
        out.put(lock.try_lock());
        out.put(value.try_lock().has_value());
      },
      lock, value, out}
      .join();
  EXPECT_EQ(out.get_for(long_enough), false);
  EXPECT_EQ(out.get_for(long_enough), false);
}

void die_with_it(shared_value<int> value) {
  auto here = value.lock();
  *here = 13;
  ::raise(SIGKILL);
}

TEST_F(shared_value_test, tells_once_that_its_owner_died) {
  shared_value<int> value;
  ramet::process{die_with_it, value}.join();
  expect_error(errc::owner_died, {"killed"}, [&] { value.lock(); });
  EXPECT_EQ(*value.lock(), 13);
  EXPECT_FALSE(value.try_recover());
}

void add_until_killed(shared_value<std::int64_t> value) {
  for (;;) {
    try {
      ++*value.lock();
    } catch (const ramet::error& e) {
      if (e.code() != errc::owner_died)
        throw;
    }
  }
}

TEST_F(shared_value_test, is_there_for_others_whenever_its_owner_is_killed) {
  ramet_test::chance random;
  shared_value<std::int64_t> value;
  for (int round = 0; round < 40; ++round) {
    ramet::process one{add_until_killed, value};
    ramet::process two{add_until_killed, value};
    auto before = value.load();
    ASSERT_TRUE(ramet_test::eventually([&] { return value.load() > before; }));
    ramet_test::pass(random.within(3ms));
    one.kill();
    two.kill();
    one.join();
    two.join();
    auto here = value.try_recover();
    EXPECT_TRUE(here || value.try_lock());
  }
}

TEST_F(shared_value_test, can_be_taken_over_from_the_dead) {
  shared_value<int> value;
  EXPECT_FALSE(value.try_recover());
  ramet::process{die_with_it, value}.join();
  {
    auto here = value.try_recover();
    ASSERT_TRUE(here);
    EXPECT_EQ(**here, 13);
    **here = 0;
    std::thread{[&] { EXPECT_FALSE(value.try_lock()); }}.join();
  }
  EXPECT_EQ(*value.lock(), 0);
}

TEST_F(shared_value_test, is_not_taken_for_one_of_another_type) {
  using ramet::detail::handle_access;
  shared_value<int> value{1};
  ramet::mutex lock;
  auto ref = handle_access::ref(value);
  EXPECT_EQ(handle_access::adopt<shared_value<int>>(ref).load(), 1);
  expect_error(errc::type_mismatch, {"float (4 bytes", "int (4 bytes"},
               [&] { handle_access::adopt<shared_value<float>>(ref); });
  expect_error(errc::type_mismatch, {"expected values"}, [&] {
    handle_access::adopt<shared_value<int>>(handle_access::ref(lock));
  });
}

} // namespace
