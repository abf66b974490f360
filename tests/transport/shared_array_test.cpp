// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/pipe.hpp>
#include <ramet/process.hpp>
#include <ramet/shared_array.hpp>

#include "../system/system_test.hpp"

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <ranges>
#include <span>
#include <thread>
#include <vector>

namespace {

using namespace std::literals;
using ramet::errc;
using ramet::raw_shared_array;
using ramet::shared_array;
using ramet_test::expect_error;
using ramet_test::long_enough;

struct pixel {
  std::uint8_t red = 10;
  std::uint8_t green = 20;
  std::uint8_t blue = 30;

  friend bool operator==(const pixel&, const pixel&) = default;
};

template <class Array>
auto values_of(const Array& array) {
  auto all = array.unlocked();
  return std::vector(all.begin(), all.end());
}

class shared_array_test : public ramet_test::system_test {};

TEST_F(shared_array_test, begins_as_it_is_told) {
  EXPECT_EQ(values_of(shared_array<int>(3)), (std::vector{0, 0, 0}));
  EXPECT_EQ(values_of(shared_array<pixel>(2)),
            (std::vector<pixel>{{10, 20, 30}, {10, 20, 30}}));
  EXPECT_EQ(values_of(shared_array<double>{1.5, 2.5}), (std::vector{1.5, 2.5}));
  EXPECT_EQ(values_of(shared_array<int>(std::vector{4, 5})),
            (std::vector{4, 5}));
  EXPECT_EQ(values_of(shared_array<long>(std::views::iota(0, 4))),
            (std::vector<long>{0, 1, 2, 3}));
  EXPECT_EQ(values_of(raw_shared_array<int>{7}), (std::vector{7}));
}

TEST_F(shared_array_test, may_be_empty) {
  shared_array<int> none(0);
  EXPECT_EQ(none.size(), 0U);
  EXPECT_TRUE(none.unlocked().empty());
  for (int& each : none.lock())
    FAIL() << each;
}

TEST_F(shared_array_test, is_the_same_one_in_all_copies) {
  shared_array<int> array{1, 2};
  auto copy = array;
  copy.lock()[1] = 5;
  EXPECT_EQ(array.unlocked()[1], 5);
  EXPECT_EQ(array.size(), 2U);
}

void add_to_each(shared_array<double> array, raw_shared_array<int> there,
                 int rounds) {
  there.fetch_add(0, 1); // all go on at the same time
  while (there.load(0) < 4)
    std::this_thread::yield();
  for (int i = 0; i < rounds; ++i)
    for (double& x : array.lock())
      x += 1;
}

TEST_F(shared_array_test, loses_no_addition) {
  constexpr int rounds = 5'000;
  shared_array<double> array(50);
  raw_shared_array<int> there(1);
  {
    std::vector<ramet::process> all;
    for (int i = 0; i < 3; ++i)
      all.emplace_back(add_to_each, array, there, rounds);
    add_to_each(array, there, rounds);
    for (auto& each : all)
      each.join();
  }
  EXPECT_EQ(values_of(array), std::vector<double>(50, 4 * rounds));
}

TEST_F(shared_array_test, changes_single_elements_at_once) {
  raw_shared_array<std::int64_t> counts(8);
  auto add = [](raw_shared_array<std::int64_t> counts) {
    for (std::size_t i = 0; i < 4'000'000; ++i)
      counts.fetch_add(i % counts.size(), 1);
  };
  {
    ramet::process one{add, counts};
    ramet::process two{add, counts};
    add(counts);
    one.join();
    two.join();
  }
  EXPECT_EQ(values_of(counts), std::vector<std::int64_t>(8, 1'500'000));
  counts.store(3, -1);
  EXPECT_EQ(counts.load(3), -1);
}

TEST_F(shared_array_test, is_a_range_while_it_is_locked) {
  shared_array<int> array{3, 1, 2};
  {
    auto here = array.lock();
    static_assert(std::ranges::contiguous_range<decltype(here)>);
    std::ranges::sort(here);
    EXPECT_EQ(std::accumulate(here.begin(), here.end(), 0), 6);
    EXPECT_EQ(std::span<int>{here}.size(), 3U);
    std::thread{[&] {
      EXPECT_FALSE(array.try_lock());
      EXPECT_FALSE(array.try_lock_for(1ms));
    }}.join();
  }
  EXPECT_TRUE(array.try_lock_for(long_enough));
  EXPECT_EQ(values_of(array), (std::vector{1, 2, 3}));
}

TEST_F(shared_array_test, tells_once_that_its_owner_died) {
  shared_array<int> array{1, 2, 3};
  ramet::process{[](shared_array<int> array) {
                   auto here = array.lock();
                   here[0] = 9;
                   ::raise(SIGKILL);
                 },
                 array}
      .join();
  expect_error(errc::owner_died, {"killed"}, [&] { array.lock(); });
  EXPECT_EQ(array.lock()[0], 9);
}

TEST_F(shared_array_test, can_be_taken_over_from_the_dead) {
  shared_array<int> array(2);
  EXPECT_FALSE(array.try_recover());
  ramet::process{[](shared_array<int> array) {
                   auto here = array.lock();
                   ::raise(SIGKILL);
                 },
                 array}
      .join();
  {
    auto here = array.try_recover();
    ASSERT_TRUE(here);
    (*here)[1] = 4;
  }
  EXPECT_EQ(array.lock()[1], 4);
}

TEST_F(shared_array_test, outlives_whoever_made_it) {
  auto [here, there] = ramet::pipe();
  ramet::process{[](ramet::connection up) {
                   up.send(shared_array<int>{6, 7});
                 },
                 std::move(there)}
      .join();
  auto array = here.recv<shared_array<int>>();
  EXPECT_EQ(values_of(array), (std::vector{6, 7}));
}

TEST_F(shared_array_test, that_fits_nowhere_is_an_error) {
  expect_error(errc::resource_exhausted, {"no address space"}, [] {
    shared_array<double>(std::numeric_limits<std::size_t>::max() / 8);
  });
  expect_error(errc::resource_exhausted, {"reserving"},
               [] { shared_array<double>(std::size_t{1} << 50); });
}

TEST_F(shared_array_test, is_not_taken_for_one_of_another_type) {
  using ramet::detail::handle_access;
  shared_array<int> array(4);
  auto ref = handle_access::ref(array);
  EXPECT_EQ(handle_access::adopt<shared_array<int>>(ref).size(), 4U);
  expect_error(errc::type_mismatch, {"expected values"},
               [&] { handle_access::adopt<shared_array<unsigned>>(ref); });
}

} // namespace
