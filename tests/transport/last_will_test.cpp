// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Objects that tell a mailbox when nobody holds them any more.

#include <ramet/queue.hpp>

#include "../system/system_test.hpp"
#include "last_will.hpp"
#include "shared_memory_view.hpp"

#include <array>
#include <chrono>
#include <cstring>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using ramet::errc;
using ramet::detail::deadline;
using ramet::detail::mailbox;
using ramet::detail::object_ref;
using ramet::detail::take_status;
using ramet_test::chance;
using ramet_test::expect_error;
using ramet_test::long_enough;
using ramet_test::path_of;
using ramet_test::ref_of;

constexpr std::uint64_t type = 77;

/// A handle of one, as the modules above have them.
class will {
public:
  static constexpr bool is_ramet_handle = true;

  will(const mailbox& to, int number)
      : object_(ramet::detail::make_last_will(
          to, type, std::as_bytes(std::span{&number, 1}))) {}

private:
  friend struct ramet::detail::handle_access;
  explicit will(object_ref ref)
      : object_(ramet::detail::open_object(
          {ref.object, ramet::detail::object_kind::last_will, 0})) {}
  object_ref ref() const {
    return {object_->id(), ramet::detail::object_kind::last_will, 0};
  }

  ramet::detail::object_ptr object_;
};

/// Travels as the mailbox that is told.
class told {
public:
  static constexpr bool is_ramet_handle = true;
  told() : box_(mailbox::create()) {}

  const mailbox& box() const { return box_; }

  /// The numbers in the messages that have come.
  std::vector<int> all() {
    std::vector<int> result;
    while (auto next = one(deadline::now()))
      result.push_back(*next);
    return result;
  }
  std::optional<int> one(deadline until = deadline::in(long_enough)) {
    int number = 0;
    auto status = box_.take(
        [&](const ramet::detail::incoming& message) {
          EXPECT_EQ(message.type, type);
          EXPECT_EQ(message.bytes.size(), sizeof number);
          std::memcpy(&number, message.bytes.data(), sizeof number);
          return ramet::detail::verdict::consume;
        },
        until);
    if (status != take_status::done)
      return std::nullopt;
    return number;
  }

private:
  friend struct ramet::detail::handle_access;
  explicit told(object_ref ref) : box_(mailbox::open(ref)) {}
  object_ref ref() const { return box_.ref(); }

  mailbox box_;
};

using numbers = std::vector<int>;

bool exists(object_ref ref) {
  return std::filesystem::exists(path_of(ref.object));
}

void hold_until_killed(will, ramet::queue<int> up) {
  up.put(1);
  for (;;)
    ::pause();
}

void send_and_drop_for_ever(told heir, ramet::queue<will> post,
                            ramet::queue<int> up) {
  for (int i = 0;; ++i) {
    post.put(will{heir.box(), i});
    if (i % 3 != 0)
      post.get();
    if (i == 0)
      up.put(1);
  }
}

class last_will : public ramet_test::system_test {};

TEST_F(last_will, is_carried_out_when_the_last_handle_goes) {
  told heir;
  std::optional<will> one{std::in_place, heir.box(), 5};
  auto ref = ref_of(*one);
  auto copy = one;
  one.reset();
  EXPECT_EQ(heir.all(), numbers{});
  EXPECT_TRUE(exists(ref));
  copy.reset();
  EXPECT_EQ(heir.all(), numbers{5});
  EXPECT_FALSE(exists(ref));
}

TEST_F(last_will, waits_for_an_unread_message_to_be_read_and_dropped) {
  told heir;
  ramet::queue<will> post;
  post.put(will{heir.box(), 1});
  EXPECT_EQ(heir.all(), numbers{});
  {
    auto received = post.get();
    EXPECT_EQ(heir.all(), numbers{});
  }
  EXPECT_EQ(heir.all(), numbers{1});
}

TEST_F(last_will, is_carried_out_when_a_queue_goes_with_its_messages) {
  told heir;
  {
    ramet::queue<ramet::queue<will>> outer;
    ramet::queue<will> inner;
    for (int i = 0; i < 3; ++i)
      inner.put(will{heir.box(), i});
    outer.put(std::move(inner));
    EXPECT_EQ(heir.all(), numbers{});
  }
  EXPECT_EQ(heir.all(), (numbers{0, 1, 2}));
}

// Here the lock of the mailbox that is told is held when the will falls due.
TEST_F(last_will, can_be_for_the_mailbox_whose_message_held_it) {
  ramet::queue<will> post;
  auto box = mailbox::open(ref_of(post));
  post.put(will{box, 8});
  expect_error(errc::type_mismatch, {}, [&] {
    box.take(
        [](const ramet::detail::incoming&) {
          return ramet::detail::verdict::consume;
        },
        deadline::now());
    ASSERT_EQ(box.size(), 1U);
    post.get();
  });
}

TEST_F(last_will, can_fall_due_while_its_mailbox_is_being_put_into) {
  told heir;
  std::optional<will> one{std::in_place, heir.box(), 9};
  ramet::detail::outgoing message;
  message.type = type;
  message.size = sizeof(int);
  message.value = &one;
  message.write = [](const void* from, std::span<std::byte> to, auto) {
    const_cast<std::optional<will>*>(
        static_cast<const std::optional<will>*>(from))
        ->reset();
    int number = 8;
    std::memcpy(to.data(), &number, sizeof number);
  };
  auto box = heir.box();
  box.put(message, deadline::never());
  EXPECT_EQ(heir.all(), (numbers{8, 9}));
}

TEST_F(last_will, is_for_nobody_when_its_mailbox_has_gone) {
  std::optional<told> heir{std::in_place};
  std::optional<will> one{std::in_place, heir->box(), 1};
  auto ref = ref_of(*one);
  heir.reset();
  one.reset();
  EXPECT_FALSE(exists(ref));
}

TEST_F(last_will, does_not_hold_the_mailbox) {
  std::optional<told> heir{std::in_place};
  auto ref = ref_of(*heir);
  will one{heir->box(), 1};
  heir.reset();
  EXPECT_FALSE(exists(ref));
}

TEST_F(last_will, takes_only_short_messages) {
  told heir;
  std::array<std::byte, ramet::detail::max_last_message + 1> bytes{};
  expect_error(errc::protocol, {"97 bytes", "room for 96"},
               [&] { ramet::detail::make_last_will(heir.box(), type, bytes); });
  ramet::detail::make_last_will(heir.box(), type,
                                std::span{bytes}.first(bytes.size() - 1));
}

TEST_F(last_will, is_carried_out_when_the_last_holder_is_killed) {
  told heir;
  ramet::queue<int> up;
  std::optional<will> one{std::in_place, heir.box(), 3};
  ramet::process first{hold_until_killed, *one, up};
  ramet::process second{hold_until_killed, *one, up};
  up.get();
  up.get();
  one.reset();
  first.kill();
  first.join();
  EXPECT_EQ(heir.all(), numbers{});
  second.kill();
  EXPECT_EQ(heir.one(), 3);
  second.join();
  EXPECT_EQ(heir.all(), numbers{});
}

TEST_F(last_will, is_carried_out_when_a_holder_just_ends) {
  told heir;
  {
    will one{heir.box(), 4};
    ramet::process{[](will) { ::_exit(0); }, one}.join();
    EXPECT_EQ(heir.all(), numbers{});
    ramet::process{[](will) {}, std::move(one)}.join();
  }
  EXPECT_EQ(heir.one(), 4);
}

TEST_F(last_will, falls_due_once_though_many_threads_let_go) {
  told heir;
  for (int round = 0; round < 200; ++round) {
    std::vector<std::jthread> threads;
    {
      will one{heir.box(), round};
      for (int i = 0; i < 3; ++i)
        threads.emplace_back([one]() mutable { auto mine = std::move(one); });
    }
    threads.clear();
    ASSERT_EQ(heir.all(), numbers{round});
  }
}

// Wills fall due within takes, in puts that are taken back, in the repairs of
// both, and by the undertaker. What is left at last are those in the queue.
TEST_F(last_will, of_those_killed_anywhere_is_carried_out) {
  chance random;
  told heir;
  {
    ramet::queue<will> post;
    ramet::queue<int> up;
    for (int round = 0; round < 40; ++round) {
      ramet::process one{send_and_drop_for_ever, heir, post, up};
      up.get();
      ramet_test::pass(random.within(3ms));
      one.kill();
      one.join();
      heir.all();
    }
    while (post.try_get()) {
    }
    EXPECT_FALSE(heir.all().empty());
  }
  auto left = ramet_test::object_files();
  EXPECT_EQ(left.size(), 1U) << "besides the mailbox that is told";
}

} // namespace
