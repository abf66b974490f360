// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "parking.hpp"

#include "leak_check.hpp"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace {

using namespace std::literals;
using ramet::detail::deadline;
using ramet::detail::parking_lot;
using ramet_test::eventually;
using ramet_test::long_enough;

/// As in shared memory: all zero is ready to use.
parking_lot& zeroed(void* memory) {
  std::memset(memory, 0, sizeof(parking_lot));
  return *static_cast<parking_lot*>(memory);
}

struct lot_in_memory {
  alignas(parking_lot) unsigned char memory[sizeof(parking_lot)];
  parking_lot& lot = zeroed(memory);
};

/// Tokens that many threads hand each other through one lot.
class tokens {
public:
  void give() {
    count_.fetch_add(1);
    lot_.lot.notify_one();
  }
  /// False when there was none until then.
  bool take(deadline until) {
    for (;;) {
      auto seen = count_.load();
      while (seen > 0)
        if (count_.compare_exchange_weak(seen, seen - 1))
          return true;
      if (!lot_.lot.park([&] { return count_.load() > 0; }, until))
        return false;
    }
  }
  bool somebody_parked() { return lot_.lot.somebody_parked(); }

private:
  std::atomic<int> count_{0};
  lot_in_memory lot_;
};

TEST(parking_lot_for_threads, does_not_sleep_when_what_it_waits_for_is_there) {
  lot_in_memory at;
  EXPECT_TRUE(at.lot.park([] { return true; }, deadline::never()));
  EXPECT_TRUE(at.lot.park([] { return true; }, deadline::now()));
}

TEST(parking_lot_for_threads, does_not_sleep_when_it_may_not_wait) {
  lot_in_memory at;
  EXPECT_FALSE(at.lot.park([] { return false; }, deadline::now()));
  EXPECT_FALSE(at.lot.park([] { return false; }, deadline::in(-1s)));
}

TEST(parking_lot_for_threads, sleeps_as_long_as_told) {
  lot_in_memory at;
  auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(at.lot.park([] { return false; }, deadline::in(30ms)));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 30ms);
}

TEST(parking_lot_for_threads, goes_on_sleeping_after_a_wake_for_nothing) {
  lot_in_memory at;
  std::atomic<bool> changed{false};
  std::atomic<int> looked{0};
  std::jthread sleeper{[&] {
    EXPECT_TRUE(at.lot.park(
        [&] {
          ++looked;
          return changed.load();
        },
        deadline::in(long_enough)));
  }};
  for (int i = 1; i < 5; ++i) {
    ASSERT_TRUE(eventually([&] { return looked >= i; }));
    at.lot.notify_all();
  }
  EXPECT_TRUE(eventually([&] { return looked >= 5; }));
  changed = true;
  at.lot.notify_all();
}

TEST(parking_lot_for_threads, wakes_all_when_told_to) {
  lot_in_memory at;
  std::atomic<bool> open{false};
  std::vector<std::jthread> sleepers;
  std::atomic<int> asleep{0};
  std::atomic<int> woken{0};
  for (int i = 0; i < 8; ++i)
    sleepers.emplace_back([&] {
      ++asleep;
      woken +=
          at.lot.park([&] { return open.load(); }, deadline::in(long_enough));
    });
  ASSERT_TRUE(
      eventually([&] { return asleep == 8 && at.lot.somebody_parked(); }));
  open = true;
  at.lot.notify_all();
  sleepers.clear();
  EXPECT_EQ(woken, 8);
}

// The bit is what a waiter that was killed, or whose time ran out, leaves.
TEST(parking_lot_for_threads, a_stale_sign_of_somebody_costs_one_wake) {
  lot_in_memory at;
  EXPECT_FALSE(at.lot.somebody_parked());
  at.lot.park([] { return false; }, deadline::in(1ms));
  EXPECT_TRUE(at.lot.somebody_parked());
  at.lot.notify_one();
  EXPECT_FALSE(at.lot.somebody_parked());
}

TEST(parking_lot_for_threads, a_sign_of_somebody_stays_while_one_sleeps) {
  lot_in_memory at;
  std::atomic<int> open{0};
  std::vector<std::jthread> sleepers;
  std::atomic<int> looked{0};
  std::atomic<int> woken{0};
  for (int i = 0; i < 3; ++i)
    sleepers.emplace_back([&] {
      bool ready = at.lot.park(
          [&] {
            ++looked;
            auto seen = open.load();
            return seen > 0 && open.compare_exchange_strong(seen, seen - 1);
          },
          deadline::in(long_enough));
      woken += ready;
    });
  ASSERT_TRUE(eventually([&] { return looked >= 3; }));
  for (int i = 0; i < 3; ++i) {
    ++open;
    at.lot.notify_one();
    ASSERT_TRUE(eventually([&] { return woken == i + 1; }));
  }
  sleepers.clear();
}

TEST(parking_lot_for_threads, loses_no_wake_between_many_givers_and_takers) {
  constexpr int each = 20'000;
  tokens all;
  std::atomic<int> taken{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < each; ++n)
        all.give();
    });
    threads.emplace_back([&] {
      for (int n = 0; n < each; ++n)
        if (all.take(deadline::in(long_enough)))
          ++taken;
        else
          return;
    });
  }
  threads.clear();
  EXPECT_EQ(taken, 3 * each);
}

// One token at a time: each give must wake, there is no second chance.
TEST(parking_lot_for_threads, loses_no_wake_in_a_ping_pong) {
  constexpr int rounds = 20'000;
  tokens ping;
  tokens pong;
  std::jthread other{[&] {
    for (int i = 0; i < rounds; ++i) {
      if (!ping.take(deadline::in(long_enough)))
        return;
      pong.give();
    }
  }};
  for (int i = 0; i < rounds; ++i) {
    ping.give();
    ASSERT_TRUE(pong.take(deadline::in(long_enough))) << "in round " << i;
  }
}

// Whoever comes last tells the other, may overtake it while that is about to
// sleep, and then waits in the same lot: the next to be woken, too, by nobody
// but the other.
TEST(parking_lot_for_threads, loses_no_wake_when_the_waker_waits_next) {
  constexpr int rounds = 300'000;
  lot_in_memory at;
  std::atomic<int> arrived{0};
  std::atomic<int> phase{0};
  auto meet = [&] {
    auto mine = phase.load();
    if (arrived.fetch_add(1) == 1) {
      arrived = 0;
      ++phase;
      at.lot.notify_all();
      return true;
    }
    auto over = [&] { return phase.load() != mine; };
    for (int i = 0; i < 50; ++i)
      if (over())
        return true;
    return at.lot.park(over, deadline::in(long_enough));
  };
  std::jthread other{[&] {
    for (int i = 0; i < rounds && meet(); ++i) {
    }
  }};
  for (int i = 0; i < rounds; ++i)
    ASSERT_TRUE(meet()) << "in round " << i;
}

// A waiter whose time runs out as it is woken must not swallow the wake.
TEST(parking_lot_for_threads, loses_no_wake_to_those_whose_time_runs_out) {
  constexpr int many = 3'000;
  tokens all;
  std::atomic<int> taken{0};
  std::atomic<bool> ended{false};
  std::jthread patient{[&] {
    while (all.take(deadline::in(long_enough)) && !ended)
      ++taken;
  }};
  std::vector<std::jthread> hasty;
  for (int i = 1; i < 4; ++i)
    hasty.emplace_back([&, i] {
      while (!ended)
        taken += all.take(deadline::in(std::chrono::microseconds{i * 10}));
    });
  auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < many; ++i) {
    all.give();
    ASSERT_TRUE(eventually([&] { return taken > i; }));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2 * long_enough);
  ended = true;
  hasty.clear();
  all.give(); // for the patient one
}

TEST(spinner_before_parking, says_whether_it_paid_off) {
  ramet::detail::spinner spins;
  EXPECT_TRUE(spins.spin([] { return true; }));
  EXPECT_FALSE(spins.spin([] { return false; }));
}

TEST(spinner_before_parking, ends_though_it_never_pays_off) {
  ramet::detail::spinner spins;
  int looked = 0;
  for (int i = 0; i < 1000; ++i)
    spins.spin([&] {
      ++looked;
      return false;
    });
  EXPECT_GE(looked, 1000);
  EXPECT_LT(looked, 1000 * 10'000);
}

} // namespace
