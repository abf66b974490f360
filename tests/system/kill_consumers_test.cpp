// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "item.hpp"

#include <algorithm>

namespace ramet_test {

namespace {

using kill_consumers_test = system_test;

// Gets until the work is closed and drained; says what it got.
void consume(ramet::queue<item> work, ramet::queue<std::uint32_t> seen) {
  for (auto& found : work)
    seen.put(is_whole(found) ? found.number : 0);
}

// The same, once it is told to begin.
void consume_later(ramet::queue<int> begin, ramet::queue<item> work,
                   ramet::queue<std::uint32_t> seen) {
  begin.get();
  consume(work, seen);
}

void storm(shape kind, std::uint32_t kills) {
  constexpr std::uint32_t items_per_kill = 100;
  constexpr std::size_t how_many = 3;
  chance dice;
  ramet::queue<item> work{{.maxsize = 64}};
  ramet::queue<std::uint32_t> seen;
  std::vector<std::uint32_t> times;
  auto note = [&](std::uint32_t number) {
    ASSERT_NE(number, 0U) << "torn";
    ASSERT_LT(number, times.size()) << "nobody put that";
    ++times[number];
  };

  std::vector<ramet::process> consumers;
  for (std::size_t i = 0; i < how_many; ++i)
    consumers.emplace_back(consume, work, seen);
  std::uint32_t number = 0;
  times.push_back(0);
  for (std::uint32_t round = 0; round < kills && !testing::Test::HasFailure();
       ++round) {
    auto kill_before = number + 1 + dice.below(items_per_kill);
    for (std::uint32_t i = 0; i < items_per_kill; ++i) {
      times.push_back(0);
      ++number;
      // The living take something, whatever the dead were doing.
      ASSERT_TRUE(work.put_for(soon, make_item(kind, 1, number, dice)))
          << "the other consumers are stuck after " << round << " kills";
      if (number == kill_before) {
        pass(dice.within(300us));
        auto& victim =
            consumers[dice.below(static_cast<std::uint32_t>(how_many))];
        victim.kill();
        victim.join();
        victim = ramet::process{consume, work, seen};
      }
      while (auto one = seen.try_get())
        note(*one);
    }
  }
  work.close();
  for (auto& one : consumers) {
    EXPECT_TRUE(one.join_for(long_enough));
    EXPECT_TRUE(one.status() && one.status()->success());
  }
  while (auto one = seen.try_get())
    note(*one);
  auto missing = std::count(times.begin() + 1, times.end(), 0U);
  EXPECT_LE(missing, static_cast<std::ptrdiff_t>(kills));
  EXPECT_LE(*std::max_element(times.begin(), times.end()), 1U) << "doubled";
  std::cout << kills << " kills, " << number << " messages, " << missing
            << " died with a victim" << std::endl;
}

TEST_F(kill_consumers_test, take_one_small_message_along_at_most) {
  storm(shape::small, 100);
}

TEST_F(kill_consumers_test, take_one_large_message_along_at_most) {
  storm(shape::large, 40);
}

TEST_F(kill_consumers_test, take_one_message_with_handles_along_at_most) {
  storm(shape::handles, 60);
}

TEST_F(kill_consumers_test, lose_nothing_of_a_grown_queue_but_one_message) {
  chance dice;
  constexpr std::uint32_t total = 60'000;
  constexpr int kills = 30;
  ramet::queue<int> begin;
  ramet::queue<item> work;
  ramet::queue<std::uint32_t> seen;
  for (std::uint32_t i = 1; i <= total; ++i)
    work.put(make_item(shape::small, 1, i, dice));
  work.close();
  std::vector<std::uint32_t> times(total + 1);
  auto note_all = [&] {
    while (auto one = seen.try_get())
      ++times.at(*one);
  };
  int killed = 0;
  while (killed < kills && !work.empty()) {
    ramet::process first{consume_later, begin, work, seen};
    ramet::process second{consume_later, begin, work, seen};
    ASSERT_TRUE(falls_asleep(first.pid()));
    ASSERT_TRUE(falls_asleep(second.pid()));
    auto before = work.size();
    begin.put(1);
    begin.put(2);
    ASSERT_TRUE(eventually([&] { return work.size() < before; }));
    pass(dice.within(300us));
    first.kill();
    second.kill();
    first.join();
    second.join();
    killed += 2;
    note_all();
    while (begin.try_get()) {
    }
  }
  ramet::process last{consume, work, seen};
  EXPECT_TRUE(last.join_for(long_enough));
  note_all();
  EXPECT_EQ(times[0], 0U) << "torn";
  auto missing = std::count(times.begin() + 1, times.end(), 0U);
  EXPECT_LE(missing, killed);
  EXPECT_LE(*std::max_element(times.begin(), times.end()), 1U) << "doubled";
  std::cout << killed << " kills, " << total << " messages, " << missing
            << " died with a victim" << std::endl;
}

} // namespace

} // namespace ramet_test
