// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "scoreboard.hpp"
#include "system_test.hpp"

#include <ramet/barrier.hpp>
#include <ramet/condition_variable.hpp>
#include <ramet/event.hpp>
#include <ramet/latch.hpp>
#include <ramet/mutex.hpp>
#include <ramet/queue.hpp>
#include <ramet/recursive_mutex.hpp>
#include <ramet/semaphore.hpp>
#include <ramet/shared_mutex.hpp>
#include <ramet/shared_value.hpp>

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include <unistd.h>

namespace ramet_test {

namespace {

using kill_synchronized_test = system_test;

[[noreturn]] void sleep_for_ever() {
  for (;;)
    ::pause();
}

void kill_now(ramet::process& one) {
  one.kill();
  one.join();
}

// -- locks --------------------------------------------------------------------

void hold_twice(ramet::recursive_mutex lock, ramet::queue<int> held) {
  lock.lock();
  lock.lock();
  held.put(1);
  sleep_for_ever();
}

TEST_F(kill_synchronized_test, owner_of_a_recursive_mutex_is_told_of_once) {
  ramet::recursive_mutex lock;
  ramet::queue<int> held;
  ramet::process holder{hold_twice, lock, held};
  held.get();
  EXPECT_FALSE(lock.try_lock_for(1ms));
  kill_now(holder);
  expect_error(ramet::errc::owner_died, {}, [&] { lock.lock(); });
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

void write_for_ever(ramet::shared_mutex lock, ramet::queue<int> held) {
  lock.lock();
  held.put(1);
  sleep_for_ever();
}

void read_for_ever(ramet::shared_mutex lock, ramet::queue<int> held) {
  lock.lock_shared();
  held.put(1);
  sleep_for_ever();
}

TEST_F(kill_synchronized_test, writer_is_told_of_once_to_a_reader) {
  ramet::shared_mutex lock;
  ramet::queue<int> held;
  ramet::process holder{write_for_ever, lock, held};
  held.get();
  EXPECT_FALSE(lock.try_lock_shared());
  std::thread killer{[&] {
    EXPECT_TRUE(falls_asleep(::getpid()));
    holder.kill();
  }};
  expect_error(ramet::errc::owner_died, {}, [&] { lock.lock_shared(); });
  killer.join();
  holder.join();
  EXPECT_TRUE(lock.try_lock_shared());
  lock.unlock_shared();
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

TEST_F(kill_synchronized_test, reader_keeps_no_writer_waiting) {
  ramet::shared_mutex lock;
  ramet::queue<int> held;
  ramet::process one{read_for_ever, lock, held};
  ramet::process other{read_for_ever, lock, held};
  held.get();
  held.get();
  EXPECT_FALSE(lock.try_lock());
  kill_now(one);
  EXPECT_FALSE(lock.try_lock());
  std::thread killer{[&] {
    EXPECT_TRUE(falls_asleep(::getpid()));
    other.kill();
  }};
  EXPECT_TRUE(lock.try_lock_for(soon));
  killer.join();
  other.join();
  lock.unlock();
}

enum lock_counter : std::size_t { first, second, told, torn, turns };

TEST_F(kill_synchronized_test, reader_leaves_nothing_to_the_next_in_its_slot) {
  ramet::shared_mutex lock;
  ramet::process{[](ramet::shared_mutex lock) { lock.lock_shared(); }, lock}
      .join();
  ramet::queue<int> begun;
  ramet::process next{[](ramet::shared_mutex, ramet::queue<int> begun) {
                        begun.put(1);
                        for (;;)
                          ::pause();
                      },
                      lock, begun};
  begun.get();
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
  kill_now(next);
}

void read_and_write(ramet::shared_mutex lock, std::string board_path,
                    std::uint32_t seed) {
  scoreboard board{board_path};
  std::mt19937 dice{seed};
  for (;;) {
    try {
      if (dice() % 4 == 0) {
        std::unique_lock guard{lock};
        auto value = board[first].load();
        board[first].store(value + 1);
        for (int i = 0; i < 50; ++i)
          std::atomic_signal_fence(std::memory_order_seq_cst);
        board[second].store(value + 1);
      } else {
        std::shared_lock guard{lock};
        auto value = board[first].load();
        for (int i = 0; i < 50; ++i)
          std::atomic_signal_fence(std::memory_order_seq_cst);
        if (board[first].load() != value)
          board[torn].fetch_add(1);
      }
    } catch (const ramet::error& problem) {
      if (problem.code() != ramet::errc::owner_died)
        throw;
      board[told].fetch_add(1); // the next who writes mends it
    }
    board[turns].fetch_add(1);
  }
}

TEST_F(kill_synchronized_test, readers_and_writers_leave_no_deadlock_behind) {
  chance dice;
  scoreboard board;
  ramet::shared_mutex lock;
  std::vector<ramet::process> workers;
  for (std::uint32_t i = 0; i < 3; ++i)
    workers.emplace_back(read_and_write, lock, board.path(), i);
  std::uint32_t kills = 0;
  for (auto enough = clock::now() + 8s; kills < 100 && clock::now() < enough;
       ++kills) {
    auto before = board[turns].load();
    ASSERT_TRUE(eventually([&] { return board[turns].load() > before + 6; }))
        << "they are stuck after " << kills << " kills";
    pass(dice.within(2ms));
    auto& victim = workers[dice.below(3)];
    kill_now(victim);
    victim = ramet::process{read_and_write, lock, board.path(), kills + 9};
  }
  for (auto& one : workers)
    kill_now(one);
  if (!lock.try_recover())
    ASSERT_TRUE(lock.try_lock());
  lock.unlock();
  EXPECT_EQ(board[torn].load(), 0U) << "somebody wrote while another read";
  EXPECT_LE(board[told].load(), kills + 3);
  EXPECT_GT(board[first].load(), 0U);
  std::cout << kills << " kills, " << board[told].load()
            << " of them of a writer, " << board[turns].load() << " turns"
            << std::endl;
}

// -- semaphores ---------------------------------------------------------------

void acquire_two(ramet::counting_semaphore<> permits, ramet::queue<int> held) {
  permits.acquire();
  permits.acquire();
  held.put(1);
  sleep_for_ever();
}

TEST_F(kill_synchronized_test, holder_of_permits_gives_them_back) {
  ramet::counting_semaphore permits{2};
  ramet::queue<int> held;
  ramet::process holder{acquire_two, permits, held};
  held.get();
  EXPECT_FALSE(permits.try_acquire());
  std::thread killer{[&] {
    EXPECT_TRUE(falls_asleep(::getpid()));
    holder.kill();
  }};
  EXPECT_TRUE(permits.try_acquire_for(soon));
  killer.join();
  holder.join();
  EXPECT_EQ(permits.available(), 1U);
  permits.release();
}

TEST_F(kill_synchronized_test, holder_that_throws_gives_permits_back) {
  ramet::bounded_semaphore permits{1};
  ramet::process holder{{.name = "thrower"},
                        [](ramet::bounded_semaphore all) {
                          all.acquire();
                          throw std::runtime_error("in the midst of it");
                        },
                        permits};
  EXPECT_TRUE(holder.join_for(long_enough));
  EXPECT_TRUE(permits.try_acquire());
  permits.release();
}

TEST_F(kill_synchronized_test, process_that_ends_takes_permits_along) {
  ramet::counting_semaphore permits{1};
  ramet::process{[](ramet::counting_semaphore<> all) { all.acquire(); },
                 permits}
      .join();
  EXPECT_FALSE(permits.try_acquire());
  permits.release(); // so that others can give them back, as with threads
  EXPECT_TRUE(permits.try_acquire());
}

TEST_F(kill_synchronized_test, holder_leaves_nothing_to_the_next_in_its_slot) {
  ramet::counting_semaphore permits{3};
  ramet::queue<int> held;
  ramet::process{[](ramet::counting_semaphore<> permits) { permits.acquire(); },
                 permits}
      .join();
  ramet::process next{[](ramet::counting_semaphore<>, ramet::queue<int> begun) {
                        begun.put(1);
                        for (;;)
                          ::pause();
                      },
                      permits, held};
  held.get();
  kill_now(next);
  EXPECT_EQ(permits.available(), 2U);
}

void acquire_and_release(ramet::bounded_semaphore permits,
                         std::string board_path) {
  scoreboard board{board_path};
  for (;;) {
    permits.acquire();
    board[turns].fetch_add(1);
    permits.release();
  }
}

TEST_F(kill_synchronized_test, holders_neither_lose_nor_double_permits) {
  constexpr std::ptrdiff_t most = 2;
  chance dice;
  scoreboard board;
  ramet::bounded_semaphore permits{most};
  std::vector<ramet::process> workers;
  for (int i = 0; i < 4; ++i)
    workers.emplace_back(acquire_and_release, permits, board.path());
  int kills = 0;
  for (auto enough = clock::now() + 8s; kills < 120 && clock::now() < enough;
       ++kills) {
    auto before = board[turns].load();
    ASSERT_TRUE(eventually([&] { return board[turns].load() > before + 8; }))
        << "they are stuck after " << kills << " kills";
    pass(dice.within(2ms));
    auto& victim = workers[dice.below(4)];
    kill_now(victim);
    victim = ramet::process{acquire_and_release, permits, board.path()};
  }
  for (auto& one : workers)
    kill_now(one);
  EXPECT_EQ(permits.available(), std::size_t{most});
  std::cout << kills << " kills, " << board[turns].load() << " turns"
            << std::endl;
}

// -- events and latches -------------------------------------------------------

void set_and_clear(ramet::event happened, std::string board_path) {
  scoreboard board{board_path};
  for (;;) {
    happened.set();
    happened.clear();
    board[turns].fetch_add(1);
  }
}

void wait_again_and_again(ramet::event happened, std::string board_path,
                          std::size_t number) {
  scoreboard board{board_path};
  for (;;) {
    happened.wait();
    board[number].fetch_add(1);
  }
}

TEST_F(kill_synchronized_test, setters_and_waiters_of_an_event_lose_no_wake) {
  chance dice;
  scoreboard board;
  ramet::event happened;
  ramet::process setter{set_and_clear, happened, board.path()};
  ramet::process waiter{wait_again_and_again, happened, board.path(),
                        std::size_t{10}};
  ramet::process victim{wait_again_and_again, happened, board.path(),
                        std::size_t{11}};
  int kills = 0;
  for (auto enough = clock::now() + 6s; kills < 80 && clock::now() < enough;
       ++kills) {
    auto before = board[10].load();
    ASSERT_TRUE(eventually([&] { return board[10].load() > before; }))
        << "a lost wake after " << kills << " kills";
    pass(dice.within(2ms));
    if (kills % 2 == 0) {
      kill_now(setter);
      setter = ramet::process{set_and_clear, happened, board.path()};
    } else {
      kill_now(victim);
      victim = ramet::process{wait_again_and_again, happened, board.path(),
                              std::size_t{11}};
    }
  }
  for (auto* one : {&setter, &waiter, &victim})
    kill_now(*one);
}

void count_and_wait(ramet::latch all) {
  all.arrive_and_wait();
}

TEST_F(kill_synchronized_test, waiters_of_a_latch_are_not_noticed) {
  for (int round = 0; round < 10; ++round) {
    ramet::latch all{3};
    ramet::process victim{count_and_wait, all};
    ramet::process other{count_and_wait, all};
    ASSERT_TRUE(falls_asleep(victim.pid()));
    ASSERT_TRUE(falls_asleep(other.pid()));
    kill_now(victim);
    EXPECT_TRUE(other.running());
    all.count_down();
    EXPECT_TRUE(other.join_for(soon));
    EXPECT_TRUE(other.status()->success());
  }
}

// -- condition variables ------------------------------------------------------

struct shop {
  ramet::mutex lock;
  ramet::condition_variable changed;
  ramet::shared_value<long> stock;
};

void lock_again(ramet::mutex& lock) {
  try {
    lock.lock();
  } catch (const ramet::error& problem) {
    if (problem.code() != ramet::errc::owner_died)
      throw;
    lock.lock();
  }
}

void fill(shop here) {
  for (;;) {
    lock_again(here.lock);
    here.stock.store(here.stock.load() + 1);
    here.lock.unlock();
    here.changed.notify_one();
    while (here.stock.load() > 100)
      std::this_thread::yield();
  }
}

void take(shop here, std::string board_path, std::size_t number) {
  scoreboard board{board_path};
  for (;;) {
    lock_again(here.lock);
    try {
      here.changed.wait(here.lock, [&] { return here.stock.load() > 0; });
    } catch (const ramet::error& problem) {
      if (problem.code() != ramet::errc::owner_died)
        throw;
      continue;
    }
    here.stock.store(here.stock.load() - 1);
    here.lock.unlock();
    board[number].fetch_add(1);
  }
}

TEST_F(kill_synchronized_test, notifiers_and_waiters_lose_no_notification) {
  chance dice;
  scoreboard board;
  shop here{{}, {}, ramet::shared_value<long>{0}};
  ramet::process filler{fill, here};
  ramet::process taker{take, here, board.path(), std::size_t{1}};
  ramet::process victim{take, here, board.path(), std::size_t{2}};
  int kills = 0;
  for (auto enough = clock::now() + 8s; kills < 80 && clock::now() < enough;
       ++kills) {
    auto before = board[1].load();
    ASSERT_TRUE(eventually([&] { return board[1].load() > before; }))
        << "it is stuck after " << kills << " kills";
    pass(dice.within(2ms));
    if (kills % 2 == 0) {
      kill_now(filler);
      filler = ramet::process{fill, here};
    } else {
      kill_now(victim);
      victim = ramet::process{take, here, board.path(), std::size_t{2}};
    }
  }
  for (auto* one : {&filler, &taker, &victim})
    kill_now(*one);
}

// What it was notified of, nobody else would ever hear of.
TEST_F(kill_synchronized_test, waiter_that_was_notified_lets_others_go_on) {
  for (int round = 0; round < 20; ++round) {
    shop here{{}, {}, ramet::shared_value<long>{0}};
    auto take_one = [](shop from) {
      std::unique_lock guard{from.lock};
      from.changed.wait(guard, [&] { return from.stock.load() > 0; });
      from.stock.store(from.stock.load() - 1);
    };
    ramet::process victim{take_one, here};
    ASSERT_TRUE(falls_asleep(victim.pid()));
    ramet::process other{take_one, here};
    ASSERT_TRUE(falls_asleep(other.pid()));
    {
      std::unique_lock guard{here.lock};
      here.stock.store(1);
      here.changed.notify_one();
      kill_now(victim); // it cannot have taken it, as we hold the mutex
    }
    bool went_on = other.join_for(soon);
    EXPECT_TRUE(went_on) << "a lost notification in round " << round;
    if (!went_on) {
      kill_now(other);
      break;
    }
  }
}

// -- barriers -----------------------------------------------------------------

void step_on(ramet::barrier<> step) {
  for (;;)
    step.arrive_and_wait();
}

TEST_F(kill_synchronized_test, party_breaks_the_barrier_instead_of_a_hang) {
  ramet::barrier step{3};
  ramet::process one{step_on, step};
  ramet::process other{step_on, step};
  step.arrive_and_wait();
  std::thread killer{[&] {
    EXPECT_TRUE(falls_asleep(one.pid()));
    kill_now(one);
  }};
  expect_error(ramet::errc::broken, {"killed"}, [&] {
    for (;;)
      step.arrive_and_wait();
  });
  killer.join();
  EXPECT_TRUE(other.join_for(soon));
  ASSERT_TRUE(other.exception());
  EXPECT_NE(other.exception()->message.find("broken"), std::string::npos);
  step.reset();
  ramet::process third{step_on, step};
  ramet::process fourth{step_on, step};
  for (int i = 0; i < 10; ++i)
    step.arrive_and_wait();
  kill_now(third);
  EXPECT_TRUE(fourth.join_for(soon));
}

TEST_F(kill_synchronized_test, party_that_throws_breaks_the_barrier) {
  ramet::barrier step{2};
  ramet::process party{[](ramet::barrier<>) { throw std::runtime_error("no"); },
                       step};
  expect_error(ramet::errc::broken, {"exception"},
               [&] { step.arrive_and_wait(); });
  party.join();
}

TEST_F(kill_synchronized_test, party_that_ends_leaves_the_barrier_whole) {
  ramet::barrier step{2};
  for (int i = 0; i < 3; ++i) {
    ramet::process party{[](ramet::barrier<> here) { here.arrive_and_wait(); },
                         step};
    step.arrive_and_wait();
    party.join();
  }
  ramet::process{[](ramet::barrier<>) { std::exit(0); }, step}.join();
  EXPECT_FALSE(step.broken());
}

/// Counts, in all processes, how often it ran.
struct count_phases {
  ramet::shared_value<int> phases;
  void operator()() { phases.fetch_add(1); }
};

TEST_F(kill_synchronized_test, party_in_the_completion_breaks_the_barrier) {
  struct hang {
    ramet::event begun;
    void operator()() {
      begun.set();
      sleep_for_ever();
    }
  };
  ramet::event begun;
  ramet::barrier step{2, hang{begun}};
  ramet::process last{[](ramet::barrier<hang> here) {
                        while (here.waiting() == 0)
                          std::this_thread::yield();
                        here.arrive_and_wait();
                      },
                      step};
  std::thread killer{[&] {
    begun.wait();
    last.kill();
  }};
  expect_error(ramet::errc::broken, {"killed"},
               [&] { step.arrive_and_wait(); });
  killer.join();
  last.join();
}

void step_so_often(ramet::barrier<count_phases> step, int phases) {
  for (int i = 0; i < phases; ++i)
    step.arrive_and_wait();
}

TEST_F(kill_synchronized_test, nobody_while_a_completion_runs_once_a_phase) {
  ramet::shared_value<int> phases{0};
  ramet::barrier counted{3, count_phases{phases}};
  ramet::process one{step_so_often, counted, 500};
  ramet::process other{step_so_often, counted, 500};
  for (int i = 1; i <= 500; ++i) {
    counted.arrive_and_wait();
    ASSERT_GE(phases.load(), i);
  }
  one.join();
  other.join();
  EXPECT_EQ(phases.load(), 500);
}

void step_until_broken(ramet::barrier<> step, ramet::queue<int> told) {
  try {
    step_on(step);
  } catch (const ramet::error& problem) {
    told.put(problem.code() == ramet::errc::broken);
  }
}

TEST_F(kill_synchronized_test, parties_never_leave_a_hang_behind) {
  chance dice;
  ramet::barrier step{3};
  ramet::queue<int> told;
  for (int round = 0; round < 25; ++round) {
    std::vector<ramet::process> parties;
    for (int i = 0; i < 3; ++i)
      parties.emplace_back(step_until_broken, step, told);
    pass(dice.within(8ms));
    kill_now(parties[dice.below(3)]);
    for (int i = 0; i < 2; ++i) {
      auto result = told.get_for(soon);
      ASSERT_TRUE(result) << "a hang in round " << round;
      EXPECT_EQ(*result, 1);
    }
    for (auto& one : parties)
      EXPECT_TRUE(one.join_for(soon));
    step.reset();
  }
}

} // namespace

} // namespace ramet_test
