// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "scoreboard.hpp"
#include "system_test.hpp"

#include <ramet/mutex.hpp>
#include <ramet/queue.hpp>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include <unistd.h>

namespace ramet_test {

namespace {

using kill_lock_holders_test = system_test;

void hold_for_ever(ramet::mutex lock, ramet::queue<int> held) {
  lock.lock();
  held.put(1);
  for (;;)
    ::pause();
}

// A mutex whose owner was just killed.
ramet::mutex abandoned() {
  ramet::mutex result;
  ramet::queue<int> held;
  ramet::process holder{hold_for_ever, result, held};
  held.get();
  EXPECT_FALSE(result.try_lock());
  holder.kill();
  holder.join();
  return result;
}

void expect_ordinary(ramet::mutex& lock) {
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
  EXPECT_FALSE(lock.try_recover());
}

TEST_F(kill_lock_holders_test, make_the_next_lock_say_so_once) {
  auto lock = abandoned();
  expect_error(ramet::errc::owner_died, {"killed"}, [&] { lock.lock(); });
  expect_ordinary(lock);
}

void hold_all_for_ever(std::vector<ramet::mutex> locks,
                       ramet::queue<int> held) {
  for (auto& one : locks)
    one.lock();
  held.put(1);
  for (;;)
    ::pause();
}

// The system itself looks after 2048 of a thread.
TEST_F(kill_lock_holders_test, may_have_held_very_many) {
  std::vector<ramet::mutex> locks(2'500);
  ramet::queue<int> held;
  ramet::process holder{hold_all_for_ever, locks, held};
  held.get();
  holder.kill();
  holder.join();
  for (auto& lock : locks) {
    expect_error(ramet::errc::owner_died, {"killed"}, [&] { lock.try_lock(); });
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
  }
}

TEST_F(kill_lock_holders_test, make_the_next_try_lock_say_so_once) {
  auto lock = abandoned();
  expect_error(ramet::errc::owner_died, {}, [&] { lock.try_lock(); });
  expect_ordinary(lock);
}

TEST_F(kill_lock_holders_test, make_the_next_timed_lock_say_so_once) {
  auto lock = abandoned();
  expect_error(ramet::errc::owner_died, {}, [&] { lock.try_lock_for(1s); });
  expect_ordinary(lock);
}

TEST_F(kill_lock_holders_test, leave_the_mutex_to_who_recovers_it) {
  auto lock = abandoned();
  EXPECT_TRUE(lock.try_recover());
  std::thread{[&] { EXPECT_FALSE(lock.try_lock()); }}.join();
  lock.unlock();
  expect_ordinary(lock);
}

TEST_F(kill_lock_holders_test, wake_a_waiting_thread) {
  ramet::mutex lock;
  ramet::queue<int> held;
  ramet::process holder{hold_for_ever, lock, held};
  held.get();
  clock::time_point killed;
  std::thread killer{[&] {
    EXPECT_TRUE(falls_asleep(::getpid()));
    killed = clock::now();
    holder.kill();
  }};
  expect_error(ramet::errc::owner_died, {}, [&] { lock.lock(); });
  auto told = clock::now();
  killer.join();
  EXPECT_LT(told - killed, soon);
  holder.join();
  expect_ordinary(lock);
}

// 1: locked; 2: told that the owner died, then locked.
void lock_once(ramet::mutex lock, ramet::queue<int> results) {
  int result = 1;
  try {
    lock.lock();
  } catch (const ramet::error& e) {
    if (e.code() != ramet::errc::owner_died)
      throw;
    result = 2;
    lock.lock();
  }
  lock.unlock();
  results.put(result);
}

TEST_F(kill_lock_holders_test, are_reported_to_one_of_many_waiters) {
  for (int round = 0; round < 5; ++round) {
    ramet::mutex lock;
    ramet::queue<int> held;
    ramet::queue<int> results;
    ramet::process holder{hold_for_ever, lock, held};
    held.get();
    std::vector<ramet::process> waiters;
    for (int i = 0; i < 4; ++i)
      waiters.emplace_back(lock_once, lock, results);
    for (auto& one : waiters)
      ASSERT_TRUE(falls_asleep(one.pid()));
    holder.kill();
    int told = 0;
    for (auto& one : waiters) {
      auto result = results.get_for(soon);
      ASSERT_TRUE(result) << "a deadlock";
      told += *result == 2;
      EXPECT_TRUE(one.join_for(long_enough));
    }
    EXPECT_EQ(told, 1);
    holder.join();
  }
}

// From `done` on, one for each worker.
enum counter : std::size_t { first, second, told, repaired, done };
constexpr std::size_t worker_count = 3;

// What the mutex guards are two numbers that are equal while it is free.
// Whoever finds them different puts that right; it must be because an owner
// died.
void count_up(ramet::mutex& lock, const scoreboard& board) {
  for (bool locked = false; !locked;)
    try {
      lock.lock();
      locked = true;
    } catch (const ramet::error& e) {
      if (e.code() != ramet::errc::owner_died)
        throw;
      board[told].fetch_add(1); // another may die before we try again
    }
  std::scoped_lock guard{std::adopt_lock, lock};
  auto value = board[first].load();
  if (board[second].load() != value)
    board[repaired].fetch_add(1);
  board[first].store(value + 1);
  for (int i = 0; i < 100; ++i) // some time to be killed in
    std::atomic_signal_fence(std::memory_order_seq_cst);
  board[second].store(value + 1);
}

void count_for_ever(ramet::mutex lock, std::string board_path,
                    std::size_t number) {
  scoreboard board{board_path};
  for (;;) {
    count_up(lock, board);
    board[done + number].fetch_add(1);
  }
}

// Waits until the worker has ended the turn that it is in: if it was told of a
// death, it has counted that.
bool ends_its_turn(const scoreboard& board, std::size_t worker) {
  auto before = board[done + worker].load();
  return eventually([&] { return board[done + worker].load() > before; });
}

TEST_F(kill_lock_holders_test, never_leave_a_deadlock_behind) {
  constexpr std::uint64_t most_kills = 150;
  auto enough = clock::now() + 30s; // where cores are busy fewer will do
  std::uint64_t kills = 0;
  chance dice;
  scoreboard board;
  ramet::mutex lock;
  std::vector<ramet::process> workers;
  for (std::size_t i = 0; i < worker_count; ++i)
    workers.emplace_back(count_for_ever, lock, board.path(), i);
  for (; kills < most_kills && clock::now() < enough; ++kills) {
    std::size_t number = dice.below(worker_count);
    auto& victim = workers[number];
    ASSERT_TRUE(ends_its_turn(board, number)) << "it is stuck";
    pass(dice.within(3ms));
    victim.kill();
    victim.join();
    EXPECT_LT(time_of([&] { count_up(lock, board); }), soon);
    victim = ramet::process{count_for_ever, lock, board.path(), number};
  }
  for (std::size_t i = 0; i < worker_count; ++i) {
    ASSERT_TRUE(ends_its_turn(board, i));
    workers[i].kill();
    workers[i].join();
    count_up(lock, board);
  }
  EXPECT_EQ(board[first].load(), board[second].load());
  EXPECT_LE(board[told].load(), kills + worker_count);
  EXPECT_LE(board[repaired].load(), board[told].load());
  std::cout << kills << " kills, " << board[told].load()
            << " of them of an owner, " << board[first].load()
            << " times locked" << std::endl;
}

// The one that is woken first is killed before it can take the mutex, which
// this process has taken again meanwhile: the other must be woken instead.
TEST_F(kill_lock_holders_test, may_be_waiters_without_harm_to_other_waiters) {
  for (int round = 0; round < 60; ++round) {
    ramet::mutex lock;
    ramet::queue<int> results;
    lock.lock();
    ramet::process victim{lock_once, lock, results};
    ASSERT_TRUE(falls_asleep(victim.pid()));
    ramet::process other{lock_once, lock, results};
    ASSERT_TRUE(falls_asleep(other.pid()));
    lock.unlock();
    bool again = lock.try_lock();
    victim.kill();
    victim.join();
    if (again)
      lock.unlock();
    bool woken = other.join_for(soon);
    EXPECT_TRUE(woken) << "a lost wake in round " << round;
    if (!woken) {
      other.kill();
      other.join();
      break;
    }
  }
}

} // namespace

} // namespace ramet_test
