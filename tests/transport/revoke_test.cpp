// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Messages that are taken back.

#include <ramet/detail/mailbox.hpp>
#include <ramet/detail/pack.hpp>
#include <ramet/queue.hpp>

#include "leak_check.hpp"

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace ramet::detail;
using ramet_test::object_files;

class revoked_message : public ramet_test::leak_check {
protected:
  template <class T>
  receipt put(const T& value) {
    receipt where;
    EXPECT_EQ(box_.put(make_outgoing(value), deadline::now(), &where),
              put_status::done);
    return where;
  }
  template <class T>
  std::optional<T> take() {
    std::optional<T> result;
    box_.take(
        [&](const incoming& message) {
          number_ = message.number;
          result.emplace(decode_message<T>(message));
          return verdict::consume;
        },
        deadline::now());
    return result;
  }
  void TearDown() override {
    box_ = mailbox{};
    leak_check::TearDown();
  }
  void SetUp() override {
    leak_check::SetUp();
    box_ = mailbox::create();
  }

  mailbox box_;
  std::uint64_t number_ = 0;
};

TEST_F(revoked_message, is_given_to_nobody) {
  auto first = put(1);
  auto second = put(2);
  auto third = put(3);
  EXPECT_EQ(first.number, 1U);
  EXPECT_EQ(third.number, 3U);
  EXPECT_TRUE(box_.revoke(second));
  EXPECT_EQ(take<int>(), 1);
  EXPECT_EQ(take<int>(), 3);
  EXPECT_EQ(number_, 3U);
  EXPECT_FALSE(take<int>());
  EXPECT_EQ(box_.messages_taken(), 3U);
  EXPECT_EQ(box_.size(), 0U);
}

TEST_F(revoked_message, is_still_there) {
  auto first = put(1);
  EXPECT_EQ(take<int>(), 1);
  EXPECT_FALSE(box_.revoke(first));
  auto second = put(2);
  EXPECT_TRUE(box_.revoke(second));
  EXPECT_TRUE(box_.revoke(second));
  EXPECT_FALSE(take<int>());
  EXPECT_FALSE(box_.revoke(second));
}

TEST_F(revoked_message, lets_go_of_what_it_holds) {
  std::optional<ramet::queue<int>> passed{std::in_place};
  auto where = put(*passed);
  passed.reset();
  EXPECT_EQ(object_files().size(), 2U);
  EXPECT_TRUE(box_.revoke(where));
  EXPECT_FALSE(take<ramet::queue<int>>());
  EXPECT_EQ(object_files().size(), 1U);
}

TEST_F(revoked_message, may_be_large) {
  std::string text(10'000'000, 'x');
  auto large = put(text);
  put(1);
  EXPECT_TRUE(box_.revoke(large));
  EXPECT_EQ(take<int>(), 1);
}

TEST_F(revoked_message, may_lie_in_any_segment) {
  std::vector<receipt> all;
  for (int i = 0; i < 30'000; ++i)
    all.push_back(put(std::pair{i, std::string(100, 'x')}));
  for (int i = 29'999; i >= 0; i -= 3)
    EXPECT_TRUE(box_.revoke(all[i]));
  for (int i = 0; i < 30'000; ++i)
    if (i % 3 != 2) {
      auto found = take<std::pair<int, std::string>>();
      ASSERT_TRUE(found);
      ASSERT_EQ(found->first, i);
    }
  EXPECT_FALSE((take<std::pair<int, std::string>>()));
}

TEST_F(revoked_message, does_not_end_a_wait) {
  auto where = put(1);
  EXPECT_TRUE(box_.revoke(where));
  std::thread later{[&] { put(2); }};
  int found = 0;
  EXPECT_EQ(box_.take(
                [&](const incoming& message) {
                  found = decode_message<int>(message);
                  return verdict::consume;
                },
                deadline::in(ramet_test::long_enough)),
            take_status::done);
  later.join();
  EXPECT_EQ(found, 2);
}

TEST_F(revoked_message, was_taken_or_revoked_but_never_both) {
  constexpr int count = 20'000;
  std::atomic<int> taken{0};
  std::atomic<bool> over{false};
  std::thread taker{[&] {
    while (!over || box_.ready())
      if (take<int>())
        ++taken;
  }};
  int revoked = 0;
  for (int i = 0; i < count; ++i)
    revoked += box_.revoke(put(i)) ? 1 : 0;
  over = true;
  taker.join();
  EXPECT_EQ(taken + revoked, count);
}

TEST_F(revoked_message, is_not_taken_while_takers_are_stopped) {
  put(1);
  std::thread taker;
  bool empty = true;
  EXPECT_TRUE(box_.with_takers_stopped(
      [&] {
        taker = std::thread{[&] {
          box_.take([](const incoming&) { return verdict::consume; },
                    deadline::in(ramet_test::long_enough));
        }};
        for (int i = 0; i < 1000; ++i)
          empty = empty && box_.messages_taken() == 0;
        return true;
      },
      deadline::never()));
  taker.join();
  EXPECT_TRUE(empty);
  EXPECT_EQ(box_.messages_taken(), 1U);
}

} // namespace
