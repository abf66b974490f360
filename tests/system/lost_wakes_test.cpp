// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Somebody is killed between a change and the wake that should follow, or
// between being woken and doing what he was woken for. Whoever else waits must
// not go on sleeping.

#include "scoreboard.hpp"
#include "system_test.hpp"

#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>
#include <ramet/wait.hpp>

#include <string>
#include <thread>
#include <vector>

#include <poll.h>
#include <unistd.h>

namespace ramet_test {

namespace {

using lost_wakes_test = system_test;

using number_queue = ramet::queue<int>;

void get_always(number_queue box) {
  for (;;)
    box.get();
}

void get_with_time_outs(number_queue box) {
  for (;;)
    box.get_for(1h);
}

void wait_and_get(number_queue box) {
  number_queue other;
  for (;;) {
    ramet::wait(other, box);
    while (box.try_get()) {
    }
  }
}

void poll_and_get(number_queue box) {
  pollfd ready{box.native_handle(), POLLIN, 0};
  for (;;) {
    ::poll(&ready, 1, -1);
    while (box.try_get()) {
    }
  }
}

// Puts one message for several waiters and kills one of them right then.
void kill_the_woken(void (*waiter)(number_queue), int rounds) {
  chance dice;
  number_queue box;
  std::vector<ramet::process> waiters;
  for (int i = 0; i < 2; ++i)
    waiters.emplace_back(waiter, box);
  for (int round = 0; round < rounds; ++round) {
    for (auto& one : waiters)
      ASSERT_TRUE(falls_asleep(one.pid()));
    box.put(1);
    pass(dice.within(30us));
    waiters[0].kill(); // the one that has waited longest
    waiters[0].join();
    auto give_up = clock::now() + soon;
    while (!box.empty() && clock::now() < give_up)
      std::this_thread::yield();
    ASSERT_TRUE(box.empty()) << "a lost wake in round " << round;
    waiters.erase(waiters.begin());
    waiters.emplace_back(waiter, box);
  }
  for (auto& one : waiters) {
    one.kill();
    one.join();
  }
}

TEST_F(lost_wakes_test, are_made_good_for_who_gets) {
  kill_the_woken(get_always, 60);
}

TEST_F(lost_wakes_test, are_made_good_for_who_gets_with_a_time_out) {
  kill_the_woken(get_with_time_outs, 40);
}

TEST_F(lost_wakes_test, are_made_good_for_who_waits_for_several_things) {
  kill_the_woken(wait_and_get, 60);
}

TEST_F(lost_wakes_test, are_made_good_for_who_polls_a_native_handle) {
  kill_the_woken(poll_and_get, 60);
}

TEST_F(lost_wakes_test, are_made_good_for_who_puts_into_a_full_queue) {
  auto put_always = [](number_queue box) {
    for (;;)
      box.put(1);
  };
  chance dice;
  number_queue box{{.maxsize = 1}};
  box.put(0);
  std::vector<ramet::process> waiters;
  for (int i = 0; i < 2; ++i)
    waiters.emplace_back(put_always, box);
  for (int round = 0; round < 60; ++round) {
    for (auto& one : waiters)
      ASSERT_TRUE(falls_asleep(one.pid()));
    box.get();
    pass(dice.within(30us));
    waiters[0].kill();
    waiters[0].join();
    auto give_up = clock::now() + soon;
    while (!box.full() && clock::now() < give_up)
      std::this_thread::yield();
    ASSERT_TRUE(box.full()) << "a lost wake in round " << round;
    waiters.erase(waiters.begin());
    waiters.emplace_back(put_always, box);
  }
  for (auto& one : waiters) {
    one.kill();
    one.join();
  }
}

// A producer that puts once, a short time after saying so.
void put_once(number_queue box, std::string board_path) {
  scoreboard board{board_path};
  chance dice{static_cast<std::uint32_t>(::getpid())};
  board[0].fetch_add(1);
  pass(dice.within(120us));
  box.put(1);
  for (;;)
    ::pause();
}

// The producer is killed about when it publishes its message.
void kill_the_waker(void (*waiter)(number_queue)) {
  chance dice;
  number_queue box;
  scoreboard board;
  ramet::process consumer{waiter, box};
  for (std::uint64_t round = 1; round <= 150; ++round) {
    ASSERT_TRUE(falls_asleep(consumer.pid()));
    ramet::process producer{put_once, box, board.path()};
    ASSERT_TRUE(eventually([&] { return board[0].load() == round; }));
    pass(dice.within(40us));
    producer.kill();
    producer.join();
    auto give_up = clock::now() + soon;
    while (!box.empty() && clock::now() < give_up)
      std::this_thread::yield();
    ASSERT_TRUE(box.empty()) << "a lost wake in round " << round;
  }
  consumer.kill();
  consumer.join();
  std::cout << "150 kills, " << box.stats().messages_put << " messages put"
            << std::endl;
}

TEST_F(lost_wakes_test, of_a_dead_producer_are_made_good_for_who_gets) {
  kill_the_waker(get_always);
}

TEST_F(lost_wakes_test, of_a_dead_producer_are_made_good_for_who_polls) {
  kill_the_waker(poll_and_get);
}

// Whoever waits for all items to be dealt with is told, though the one who
// dealt with the last was killed about then.
TEST_F(lost_wakes_test, of_a_dead_consumer_are_made_good_for_who_joins) {
  chance dice;
  int done = 0;
  for (int round = 0; round < 60; ++round) {
    scoreboard board;
    number_queue box;
    box.put(1);
    ramet::process joiner{[](number_queue box) { box.join(); }, box};
    ASSERT_TRUE(falls_asleep(joiner.pid()));
    ramet::process worker{[](number_queue box, std::string board_path) {
                            scoreboard board{board_path};
                            chance dice{static_cast<std::uint32_t>(::getpid())};
                            box.get();
                            board[0].store(1);
                            pass(dice.within(80us));
                            box.task_done();
                            for (;;)
                              ::pause();
                          },
                          box, board.path()};
    ASSERT_TRUE(eventually([&] { return board[0].load() == 1; }));
    pass(dice.within(30us));
    worker.kill();
    worker.join();
    if (box.try_join())
      ++done;
    else
      box.task_done(); // on behalf of the dead
    EXPECT_TRUE(joiner.join_for(soon)) << "a lost wake in round " << round;
    joiner.kill();
    joiner.join();
  }
  std::cout << "60 kills, " << done << " after task_done()" << std::endl;
}

} // namespace

} // namespace ramet_test
