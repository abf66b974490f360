// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "item.hpp"
#include "scoreboard.hpp"
#include "shared_memory_view.hpp"

#include <ramet/detail/mailbox.hpp>
#include <ramet/pipe.hpp>

#include <csignal>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <unistd.h>

namespace ramet_test {

namespace {

using kill_pipe_owners_test = system_test;
using ramet::connection;

template <class Action>
void expect_closed(Action&& action) {
  auto time = time_of([&] {
    expect_error(ramet::errc::closed, {}, std::forward<Action>(action));
  });
  EXPECT_LT(time, soon);
}

// After the death of the other end's owner, which need not have been noticed
// here yet.
void expect_closed_end(connection& end, ramet::process& owner) {
  expect_closed([&] { end.recv_for<int>(long_enough); });
  owner.join();
  expect_closed([&] { end.send(1); });
}

void sleep_for_ever() {
  for (;;)
    ::pause();
}

TEST_F(kill_pipe_owners_test, leave_what_they_sent_then_closed) {
  auto [here, there] = ramet::pipe();
  ramet::process child{[](connection pipe) {
                         for (int i = 0; i < 100; ++i)
                           pipe.send(
                               i, std::string(i % 10 == 0 ? 50'000 : 5, 'x'));
                         pipe.recv<int>();
                       },
                       std::move(there)};
  mailbox_view incoming{here};
  ASSERT_TRUE(eventually(
      [&] { return incoming.control().producers.count.load() == 100; }));
  child.kill();
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(std::get<0>(here.recv<int, std::string>()), i);
  expect_closed_end(here, child);
}

TEST_F(kill_pipe_owners_test, end_the_wait_of_the_other_end) {
  auto [here, there] = ramet::pipe();
  ramet::process child{[](connection pipe) {
                         pipe.send(1);
                         sleep_for_ever();
                       },
                       std::move(there)};
  here.recv<int>();
  std::thread killer{[&] {
    EXPECT_TRUE(falls_asleep(::getpid()));
    child.kill();
  }};
  expect_closed([&] { here.recv<int>(); });
  killer.join();
  child.join();
}

TEST_F(kill_pipe_owners_test, end_the_wait_of_a_sender) {
  auto [here, there] = ramet::pipe();
  ramet::process child{[](connection pipe) {
                         pipe.send(1);
                         sleep_for_ever();
                       },
                       std::move(there)};
  here.recv<int>();
  while (here.try_send(std::string(1000, 'x'))) {
  }
  std::thread killer{[&] {
    EXPECT_TRUE(falls_asleep(::getpid()));
    child.kill();
  }};
  expect_closed([&] { here.send(std::string(1000, 'x')); });
  killer.join();
  child.join();
}

TEST_F(kill_pipe_owners_test, close_what_is_in_a_queue_that_dies_with_them) {
  auto [here, there] = ramet::pipe();
  auto [word, child_word] = ramet::pipe();
  ramet::process child{[](connection end, connection word) {
                         ramet::queue<connection> carrier;
                         carrier.put(std::move(end));
                         word.send(1);
                         sleep_for_ever();
                       },
                       std::move(there), std::move(child_word)};
  word.recv<int>();
  EXPECT_FALSE(here.poll());
  child.kill();
  expect_closed_end(here, child);
}

// The sender keeps its end; but nobody can receive any more.
TEST_F(kill_pipe_owners_test, close_what_they_have_not_received) {
  auto [here, there] = ramet::pipe();
  auto [near, far] = ramet::pipe();
  ramet::process child{[](connection) { sleep_for_ever(); }, std::move(far)};
  near.send(std::move(there));
  EXPECT_FALSE(here.poll());
  child.kill();
  expect_closed_end(here, child);
}

TEST_F(kill_pipe_owners_test, close_what_is_in_a_pipe_in_a_pipe) {
  auto [here, inner] = ramet::pipe();
  auto [near, far] = ramet::pipe();
  auto [outer, outer_far] = ramet::pipe();
  near.send(std::move(inner));
  near.close();
  outer.send(std::move(far));
  EXPECT_FALSE(here.poll());
  ramet::process child{[](connection) { sleep_for_ever(); },
                       std::move(outer_far)};
  EXPECT_FALSE(here.poll());
  child.kill();
  expect_closed_end(here, child);
}

void hand_down(connection end, connection word) {
  ramet::process grandchild{[](connection end, connection word) {
                              word.send(ramet::this_process().pid());
                              end.recv<int>();
                            },
                            std::move(end), std::move(word)};
  grandchild.join();
}

TEST_F(kill_pipe_owners_test, may_be_grandchildren) {
  auto [here, there] = ramet::pipe();
  auto [word, child_word] = ramet::pipe();
  ramet::process child{hand_down, std::move(there), std::move(child_word)};
  int pid = word.recv<int>();
  EXPECT_FALSE(here.poll());
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  expect_closed_end(here, child);
}

TEST_F(kill_pipe_owners_test, may_be_grandchildren_that_die_with_their_parent) {
  auto [here, there] = ramet::pipe();
  auto [word, child_word] = ramet::pipe();
  ramet::process child{hand_down, std::move(there), std::move(child_word)};
  word.recv<int>();
  child.kill();
  expect_closed_end(here, child);
}

// Sends every end that it gets on to the next, with a message in each.
void pass_on(connection from, connection to, std::string board_path) {
  scoreboard board{board_path};
  for (;;) {
    auto end = from.recv<connection>();
    board[0].fetch_add(1);
    to.send(std::move(end));
    board[1].fetch_add(1);
  }
}

// Whatever the killed one was doing with an end, the other end hears of it: it
// reaches its receiver, or it is closed.
TEST_F(kill_pipe_owners_test, may_be_sending_an_end) {
  chance dice;
  int arrived = 0;
  int closed = 0;
  for (int round = 0; round < 100 && !HasFailure(); ++round) {
    scoreboard board;
    auto [to_child, child_in] = ramet::pipe();
    auto [from_child, child_out] = ramet::pipe();
    ramet::process child{pass_on, std::move(child_in), std::move(child_out),
                         board.path()};
    std::vector<connection> mine;
    for (int i = 0; i < 200; ++i) {
      auto [here, there] = ramet::pipe();
      to_child.send(std::move(there));
      mine.push_back(std::move(here));
    }
    auto begun = dice.below(150);
    ASSERT_TRUE(eventually([&] { return board[0].load() > begun; }));
    pass(dice.within(20us));
    child.kill();
    child.join();
    std::size_t next = 0;
    try {
      for (;; ++next) {
        auto end = from_child.recv<connection>();
        end.send(1);
        EXPECT_EQ(mine[next].recv_for<int>(soon), 1);
        ++arrived;
      }
    } catch (const ramet::error& e) {
      EXPECT_EQ(e.code(), ramet::errc::closed) << e.what();
    }
    EXPECT_GE(next, board[1].load());
    EXPECT_LE(next, board[1].load() + 1);
    for (; next < mine.size(); ++next, ++closed)
      expect_closed([&] { mine[next].recv_for<int>(soon); });
  }
  std::cout << "100 kills, " << arrived << " ends arrived, " << closed
            << " were closed" << std::endl;
}

// Whoever was killed with an end in hand: nobody else meets what is left of it.
TEST_F(kill_pipe_owners_test, may_be_receiving_an_end) {
  chance dice;
  auto greet = [](ramet::queue<connection> box) {
    for (auto& end : box)
      end.send(7);
  };
  ramet::queue<connection> box;
  std::vector<ramet::process> greeters;
  for (int i = 0; i < 2; ++i)
    greeters.emplace_back(greet, box);
  int greeted = 0;
  int closed = 0;
  for (int round = 0; round < 100 && !HasFailure(); ++round) {
    std::vector<connection> mine;
    std::vector<connection> theirs;
    for (int i = 0; i < 50; ++i) {
      auto [here, there] = ramet::pipe();
      mine.push_back(std::move(here));
      theirs.push_back(std::move(there));
    }
    for (auto& end : theirs)
      box.put(std::move(end));
    pass(dice.within(300us));
    greeters[0].kill();
    greeters[0].join();
    for (auto& end : mine) {
      try {
        EXPECT_EQ(end.recv_for<int>(soon), 7);
        ++greeted;
      } catch (const ramet::error& e) {
        EXPECT_EQ(e.code(), ramet::errc::closed) << e.what();
        ++closed;
      }
    }
    EXPECT_TRUE(greeters[1].running()) << "met what was not for it";
    greeters.erase(greeters.begin());
    greeters.emplace_back(greet, box);
  }
  box.close();
  for (auto& one : greeters) {
    EXPECT_TRUE(one.join_for(soon));
    EXPECT_TRUE(one.status() && one.status()->success());
  }
  EXPECT_LE(closed, 100);
  std::cout << "100 kills, " << greeted << " ends in use, " << closed
            << " died with their receiver" << std::endl;
}

// A taker may look at a message before it has it; only then it counts as taken.
TEST_F(kill_pipe_owners_test, may_be_looking_at_an_end) {
  using namespace ramet::detail;
  for (bool at_first : {true, false}) {
    ramet::queue<connection> box;
    auto [here, there] = ramet::pipe();
    box.put(std::move(there));
    ramet::process child{[](ramet::queue<connection> from, bool at_first) {
                           auto die_if = [](bool now) {
                             return [now](const incoming&) {
                               if (now)
                                 ::kill(::getpid(), SIGKILL);
                               return verdict::consume;
                             };
                           };
                           mailbox::open(ref_of(from))
                               .take(die_if(at_first), die_if(!at_first),
                                     deadline::never());
                         },
                         box, at_first};
    child.join();
    ASSERT_EQ(child.status()->signal, SIGKILL);
    if (at_first) {
      box.get_for(soon).value().send(7);
      EXPECT_EQ(here.recv_for<int>(soon), 7);
    } else {
      expect_closed([&] { here.recv_for<int>(long_enough); });
      EXPECT_FALSE(box.get_for(1ms));
    }
  }
}

// Both ends of a pipe travel while their sender is killed.
TEST_F(kill_pipe_owners_test, leave_no_pipe_of_theirs_open) {
  chance dice;
  int arrived = 0;
  for (int round = 0; round < 60; ++round) {
    ramet::queue<connection> box;
    ramet::process child{[](ramet::queue<connection> box) {
                           for (;;) {
                             auto [one, other] = ramet::pipe();
                             one.send(7);
                             box.put(std::move(other));
                             while (box.size() > 20)
                               std::this_thread::yield();
                           }
                         },
                         box};
    std::vector<connection> ends;
    ends.push_back(box.get());
    auto end_time = clock::now() + dice.within(500us);
    while (clock::now() < end_time)
      if (auto one = box.try_get())
        ends.push_back(std::move(*one));
    child.kill();
    child.join();
    while (auto one = box.try_get())
      ends.push_back(std::move(*one));
    for (auto& end : ends) {
      EXPECT_EQ(end.recv<int>(), 7);
      expect_closed([&] { end.recv_for<int>(soon); });
    }
    arrived += static_cast<int>(ends.size());
  }
  std::cout << "60 kills, " << arrived << " ends arrived" << std::endl;
}

} // namespace

} // namespace ramet_test
