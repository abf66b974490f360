// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "item.hpp"
#include "scoreboard.hpp"

#include <map>
#include <thread>

namespace ramet_test {

namespace {

using kill_producers_test = system_test;

// Puts until it is killed. The board says how many items were put for sure.
void produce(shape kind, std::uint32_t who, std::size_t most,
             ramet::queue<item> out, std::string board_path) {
  scoreboard board{board_path};
  chance dice{who};
  for (std::uint32_t number = 1;; ++number) {
    while (out.size() > most)
      std::this_thread::yield();
    out.put(make_item(kind, who, number, dice));
    board[who].store(number);
  }
}

// Some producers, one of which is killed and replaced now and then; this
// process gets what they put and checks it.
class producers {
public:
  producers(shape kind, std::size_t most, int how_many)
      : kind_(kind), most_(most) {
    for (int i = 0; i < how_many; ++i)
      start();
  }

  void take_for(std::chrono::microseconds time) {
    auto end = clock::now() + time;
    for (auto left = end - clock::now(); left > left.zero();
         left = end - clock::now())
      if (auto found = box_.get_for(left))
        check(*found);
  }

  void kill_one() {
    auto chosen = dice_.below(static_cast<std::uint32_t>(alive_.size()));
    auto victim = std::move(alive_[chosen]);
    alive_.erase(alive_.begin() + chosen);
    victim.handle.kill();
    victim.handle.join();
    ++kills_;
    dead_.push_back(victim.who);
  }

  // After this, all that the dead have put is taken.
  void settle_accounts() {
    for (auto left = box_.size(); left > 0; --left)
      take_one();
    for (auto who : dead_) {
      auto surely_put = board_[who].load();
      EXPECT_GE(taken_[who], surely_put) << "missing, of producer " << who;
      EXPECT_LE(taken_[who], surely_put + 1) << "too many, of " << who;
    }
    dead_.clear();
  }

  // Each of the living puts something more.
  void expect_the_others_go_on() {
    auto give_up = clock::now() + soon;
    for (auto& one : alive_) {
      auto before = board_[one.who].load();
      while (board_[one.who].load() == before && clock::now() < give_up)
        if (auto found = box_.get_for(1ms))
          check(*found);
      EXPECT_GT(board_[one.who].load(), before)
          << "producer " << one.who << " is stuck after " << kills_ << " kills";
    }
  }

  void start() {
    ++last_who_;
    alive_.push_back({last_who_, ramet::process{produce, kind_, last_who_,
                                                most_, box_, board_.path()}});
  }

  void end() {
    while (!alive_.empty())
      kill_one();
    settle_accounts();
    EXPECT_EQ(torn_, 0U);
    std::cout << kills_ << " kills, " << count_ << " messages, most at once "
              << box_.stats().peak_depth << std::endl;
  }

  bool all_is_well() const { return !testing::Test::HasFailure(); }

private:
  struct producer {
    std::uint32_t who;
    ramet::process handle;
  };

  void take_one() {
    auto found = box_.get_for(soon);
    ASSERT_TRUE(found) << "there, but not to be had";
    check(*found);
  }

  void check(item& found) {
    ++count_;
    if (!is_whole(found)) {
      ++torn_;
      return;
    }
    EXPECT_EQ(found.number, taken_[found.producer] + 1)
        << "lost or doubled, of producer " << found.producer;
    taken_[found.producer] = found.number;
  }

  shape kind_;
  std::size_t most_;
  chance dice_;
  scoreboard board_;
  ramet::queue<item> box_;
  std::vector<producer> alive_;
  std::vector<std::uint32_t> dead_;
  std::map<std::uint32_t, std::uint32_t> taken_;
  std::uint32_t last_who_ = 0;
  std::uint64_t kills_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t torn_ = 0;

public:
  chance& dice() { return dice_; }
};

// Takes what comes, all the time.
void storm(shape kind, int kills) {
  producers all{kind, kind == shape::small ? 1000U : 50U, 3};
  for (int i = 0; i < kills && all.all_is_well(); ++i) {
    all.take_for(all.dice().within(4ms));
    all.kill_one();
    all.settle_accounts();
    all.expect_the_others_go_on();
    all.start();
  }
  all.end();
}

TEST_F(kill_producers_test, lose_no_small_message_but_the_victims_own) {
  storm(shape::small, 120);
}

TEST_F(kill_producers_test, lose_no_large_message_but_the_victims_own) {
  storm(shape::large, 60);
}

TEST_F(kill_producers_test, lose_no_handle_but_the_victims_own) {
  storm(shape::handles, 80);
}

TEST_F(kill_producers_test, lose_nothing_while_the_queue_grows) {
  producers all{shape::small, 20'000, 3};
  for (int i = 0; i < 60 && all.all_is_well(); ++i) {
    pass(all.dice().within(4ms));
    all.kill_one();
    if (i % 10 == 9) {
      all.settle_accounts();
      all.expect_the_others_go_on();
    }
    all.start();
  }
  all.end();
}

} // namespace

} // namespace ramet_test
