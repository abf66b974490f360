// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// When shared objects come into being and when they go: each is a file in the
// family's directory.

#include <ramet/mutex.hpp>
#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>

#include "layouts.hpp"
#include "leak_check.hpp"
#include "lifetime.hpp"
#include "shared_memory_view.hpp"

#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::literals;
using ramet::connection;
using ramet::errc;
using ramet::detail::object_header;
using ramet_test::expect_error;
using ramet_test::mailbox_view;
using ramet_test::object_files;
using ramet_test::ref_of;

using ints = ramet::queue<int>;

struct parcel_with_handles {
  std::vector<int> ballast;
  ints queue;
  ramet::mutex lock;
};

bool exists(ramet::detail::object_ref ref) {
  return std::filesystem::exists(ramet_test::path_of(ref.object));
}

std::uint32_t message_holds(ramet::detail::object_ref ref) {
  return static_cast<std::uint32_t>(
      mailbox_view{ref}.object().message_holds.load());
}

/// The other end must find that its peer is gone.
void expect_closed(connection& end) {
  EXPECT_TRUE(end.poll());
  expect_error(errc::closed, {"other end was closed"},
               [&] { end.try_recv<int>(); });
}

/// Leaves an end as somebody does who is killed when he has just closed it.
void close_by_halves(ramet::detail::object_ref end) {
  auto memory = ramet::detail::segment::open(ramet_test::path_of(end.object));
  auto& word = reinterpret_cast<ramet::detail::pipe_layout*>(memory.data())
                   ->owners[end.part];
  auto owner = ramet::detail::end_owner::unpack(word.load());
  owner.who = ramet::detail::end_owner::closed;
  ++owner.epoch;
  word.store(owner.pack());
}

class life_of_objects : public ramet_test::leak_check {};
class life_in_messages : public ramet_test::leak_check {};
class life_of_large_messages : public ramet_test::leak_check {};
class pipe_end_in_a_message : public ramet_test::leak_check {};

// -- handles ------------------------------------------------------------------

TEST_F(life_of_objects, ends_with_the_last_handle) {
  std::optional<ints> one{std::in_place};
  auto ref = ref_of(*one);
  EXPECT_TRUE(exists(ref));
  EXPECT_EQ(object_files().size(), 1U);
  {
    auto copy = *one;
    one.reset();
    EXPECT_TRUE(exists(ref));
    copy.put(1);
  }
  EXPECT_FALSE(exists(ref));
}

TEST_F(life_of_objects, of_a_pipe_ends_with_both_ends) {
  auto [a, b] = ramet::pipe();
  auto ref = ref_of(a);
  a.close();
  EXPECT_TRUE(exists(ref));
  a = {};
  EXPECT_TRUE(exists(ref));
  b = {};
  EXPECT_FALSE(exists(ref));
}

TEST_F(life_of_objects, of_an_end_closed_by_halves_ends_at_a_burial) {
  auto [a, b] = ramet::pipe();
  auto end = ref_of(b);
  b.send(1);
  close_by_halves(end);
  EXPECT_EQ(a.recv<int>(), 1);
  EXPECT_FALSE(a.poll());
  constexpr auto some_dead_process = ramet::detail::max_processes - 1;
  ramet::detail::bury_holder(end.object, some_dead_process,
                             ramet::detail::departure::died);
  expect_closed(a);
}

TEST_F(life_of_objects, of_a_mutex_ends_with_its_last_handle) {
  std::optional<ramet::mutex> lock{std::in_place};
  auto ref = ref_of(*lock);
  lock->lock();
  lock->unlock();
  EXPECT_TRUE(exists(ref));
  lock.reset();
  EXPECT_FALSE(exists(ref));
}

// The system goes through a list of all that a thread holds.
TEST_F(life_of_objects, of_a_locked_mutex_does_not_end_with_its_handles) {
  ramet::queue<ramet::mutex> box;
  {
    ramet::mutex lock;
    box.put(lock);
    lock.lock();
  }
  {
    ramet::mutex other;
    std::scoped_lock guard{other};
  }
  auto lock = box.get();
  std::thread{[&] { EXPECT_FALSE(lock.try_lock()); }}.join();
  lock.unlock();
  std::thread{[&] {
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
  }}.join();
}

TEST_F(life_of_objects, leaves_nothing_of_thousands_made_by_many_threads) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([] {
        for (int n = 0; n < 200; ++n) {
          ramet::queue<ints> outer;
          outer.put(ints{});
          auto [a, b] = ramet::pipe();
          a.send(std::move(outer));
          ramet::mutex lock;
        }
      });
  }
  EXPECT_EQ(object_files().size(), 0U);
}

// A handle that is taken out of a message while another thread drops the last
// one that the process had.
TEST_F(life_of_objects, goes_on_when_opened_anew_while_it_is_let_go) {
  for (int round = 0; round < 300; ++round) {
    ramet::queue<ints> box;
    std::optional<ints> mine{std::in_place};
    mine->put(round);
    box.put(*mine);
    std::latch together{2};
    std::jthread dropper{[&] {
      together.arrive_and_wait();
      mine.reset();
    }};
    together.arrive_and_wait();
    auto received = box.get();
    dropper.join();
    ASSERT_TRUE(exists(ref_of(received)));
    ASSERT_EQ(received.try_get(), round);
  }
}

// -- messages -----------------------------------------------------------------

// Its receiver was killed between the two.
TEST_F(life_in_messages, an_object_without_holds_that_was_not_freed_is) {
  ints one;
  auto ref = ref_of(one);
  mailbox_view view{ref};
  auto& header = view.object();
  header.holders.erase(ramet::detail::family::mine().slot());
  ramet::detail::settle_by_message(ref, ramet::detail::died_while::releasing,
                                   header.message_holds.load());
  EXPECT_FALSE(exists(ref));
}

TEST_F(life_in_messages, a_handle_in_an_unread_message_keeps_its_object) {
  ramet::queue<ints> outer;
  ramet::detail::object_ref ref;
  {
    ints inner;
    ref = ref_of(inner);
    inner.put(7);
    outer.put(inner);
  }
  EXPECT_TRUE(exists(ref));
  EXPECT_EQ(message_holds(ref), 1U);
  {
    auto inner = outer.get();
    EXPECT_EQ(message_holds(ref), 0U);
    EXPECT_EQ(inner.get(), 7);
  }
  EXPECT_FALSE(exists(ref));
}

TEST_F(life_in_messages, each_mention_in_a_message_holds) {
  ramet::queue<std::vector<ints>> outer;
  ints inner;
  auto ref = ref_of(inner);
  outer.put({inner, inner});
  outer.put({inner});
  EXPECT_EQ(message_holds(ref), 3U);
  auto received = outer.get();
  EXPECT_EQ(message_holds(ref), 1U);
  received.at(0).put(1);
  EXPECT_EQ(received.at(1).get(), 1);
  outer.get();
  EXPECT_EQ(message_holds(ref), 0U);
}

TEST_F(life_in_messages, a_handle_sent_to_ones_own_process_is_the_same_object) {
  auto [a, b] = ramet::pipe();
  ints mine;
  ramet::mutex lock;
  a.send(mine, lock);
  auto [queue, same_lock] = b.recv<ints, ramet::mutex>();
  EXPECT_EQ(ref_of(queue), ref_of(mine));
  mine.put(1);
  EXPECT_EQ(queue.get(), 1);
  std::scoped_lock guard{lock};
  std::thread{[&, &same_lock = same_lock] {
    EXPECT_FALSE(same_lock.try_lock());
  }}.join();
}

TEST_F(life_in_messages, a_dropped_queue_frees_what_its_messages_hold) {
  {
    ramet::queue<ramet::queue<ramet::queue<ints>>> outer;
    ramet::queue<ramet::queue<ints>> middle;
    ramet::queue<ints> inner;
    inner.put(ints{});
    inner.put(ints{});
    middle.put(std::move(inner));
    middle.put({});
    outer.put(std::move(middle));
  }
  EXPECT_EQ(object_files().size(), 0U);
}

TEST_F(life_in_messages, a_dropped_pipe_frees_what_its_messages_hold) {
  {
    auto [a, b] = ramet::pipe();
    a.send(ints{}, ramet::mutex{});
    b.send(ints{});
    auto [c, d] = ramet::pipe();
    c.send(std::move(a));
    d.send(std::vector<ints>(3));
  }
  EXPECT_EQ(object_files().size(), 0U);
}

TEST_F(life_in_messages, a_dropped_queue_frees_its_further_segments) {
  {
    ramet::queue<std::vector<char>> post;
    for (int i = 0; i < 3'000; ++i)
      post.put(std::vector<char>(1000));
    for (int i = 0; i < 500; ++i)
      post.get();
    EXPECT_GT(object_files().size(), 1U);
  }
  EXPECT_EQ(object_files().size(), 0U);
}

TEST_F(life_in_messages, what_was_not_sent_holds_nothing) {
  ints inner;
  auto ref = ref_of(inner);
  auto [one, other] = ramet::pipe();
  auto& end = one;
  ramet::queue<ints> full{{.maxsize = 1}};
  full.put(ints{});
  EXPECT_FALSE(full.try_put(inner));
  EXPECT_EQ(message_holds(ref), 0U);
  connection gone;
  expect_error(errc::closed, {}, [&] { end.send(inner, std::move(gone)); });
  EXPECT_EQ(message_holds(ref), 0U);
  full.close();
  expect_error(errc::closed, {}, [&] { full.put(inner); });
  EXPECT_EQ(message_holds(ref), 0U);
}

TEST_F(life_in_messages, a_message_of_another_type_goes_on_holding) {
  auto [one, other] = ramet::pipe();
  auto& end = other;
  ints inner;
  one.send(inner);
  for (int i = 0; i < 3; ++i)
    expect_error(errc::type_mismatch, {}, [&] { end.recv<int>(); });
  EXPECT_EQ(message_holds(ref_of(inner)), 1U);
  end.recv<ints>();
  EXPECT_EQ(message_holds(ref_of(inner)), 0U);
}

// -- large messages -----------------------------------------------------------

TEST_F(life_of_large_messages, ends_when_they_are_read) {
  ramet::queue<std::vector<int>> post;
  for (int i = 0; i < 3; ++i)
    post.put(std::vector<int>(15'000)); // 60 KB
  EXPECT_EQ(object_files().size(), 4U);
  for (std::size_t left = 3; left > 0; --left) {
    EXPECT_EQ(object_files().size(), 1 + left);
    post.get();
  }
  EXPECT_EQ(object_files().size(), 1U);
}

TEST_F(life_of_large_messages, keeps_the_memory_of_no_more_than_one) {
  ramet::queue<std::vector<int>> post;
  for (int i = 0; i < 5; ++i)
    post.put(std::vector<int>(250'000));
  for (int i = 0; i < 5; ++i)
    post.get();
  EXPECT_LE(object_files().size(), 2U);
}

TEST_F(life_of_large_messages, ends_with_the_queue_that_holds_them) {
  {
    ramet::queue<std::vector<int>> post;
    for (std::size_t size : {15'000U, 250'000U, 2'500'000U, 250'000U})
      post.put(std::vector<int>(size));
    post.get();
    post.get();
  }
  EXPECT_EQ(object_files().size(), 0U);
}

TEST_F(life_of_large_messages, holds_the_handles_in_them) {
  ramet::queue<parcel_with_handles> post;
  ramet::detail::object_ref ref;
  for (int i = 0; i < 2; ++i) {
    parcel_with_handles sent{std::vector<int>(100'000, i), {}, {}};
    ref = ref_of(sent.queue);
    sent.queue.put(i);
    post.put(sent);
  }
  EXPECT_EQ(message_holds(ref), 1U);
  auto received = post.get();
  EXPECT_EQ(received.queue.get(), 0);
  EXPECT_EQ(received.ballast, std::vector<int>(100'000, 0));
  EXPECT_TRUE(exists(ref));
  post = ramet::queue<parcel_with_handles>{};
  EXPECT_FALSE(exists(ref));
}

TEST_F(life_of_large_messages, ends_at_once_when_they_are_refused) {
  ramet::queue<std::vector<int>> full{{.maxsize = 1}};
  full.put({});
  auto before = object_files();
  EXPECT_FALSE(full.try_put(std::vector<int>(250'000)));
  EXPECT_FALSE(full.put_for(1ms, std::vector<int>(250'000)));
  EXPECT_EQ(object_files(), before);
  full.close();
  expect_error(errc::closed, {}, [&] { full.put(std::vector<int>(250'000)); });
  EXPECT_EQ(object_files(), before);
}

TEST_F(life_of_large_messages, ends_with_the_last_view_of_them) {
  auto [a, b] = ramet::pipe();
  a.send_bytes(std::vector<std::byte>(1 << 20, std::byte{1}));
  a.send_bytes(std::vector<std::byte>(1 << 20, std::byte{2}));
  auto first = b.recv_view();
  auto second = b.recv_view();
  // What was viewed must not be written over by what comes next.
  a.send_bytes(std::vector<std::byte>(1 << 20, std::byte{3}));
  auto third = b.recv_view();
  EXPECT_EQ(first.data()[1000], std::byte{1});
  EXPECT_EQ(second.data()[1000], std::byte{2});
  EXPECT_EQ(third.data()[1000], std::byte{3});
  first = second = third = {};
  a = {};
  b = {};
  EXPECT_EQ(object_files().size(), 0U);
}

TEST_F(life_of_large_messages, a_view_outlives_its_pipe_and_leaves_nothing) {
  ramet::message_view view;
  {
    auto [a, b] = ramet::pipe();
    for (int i = 0; i < 3; ++i) {
      a.send_bytes(std::vector<std::byte>(1 << 20, std::byte{9}));
      view = b.recv_view();
    }
  }
  EXPECT_EQ(view.data()[view.size() - 1], std::byte{9});
  view = {};
  EXPECT_EQ(object_files().size(), 0U);
}

// -- ends of pipes ------------------------------------------------------------

TEST_F(pipe_end_in_a_message, moves_with_all_that_waits_in_it) {
  auto [a, b] = ramet::pipe();
  auto [c, d] = ramet::pipe();
  c.send("first");
  a.send(std::move(d));
  c.send("second");
  auto moved = b.recv<connection>();
  EXPECT_EQ(moved.recv<std::string>(), "first");
  EXPECT_EQ(moved.recv<std::string>(), "second");
  moved.send("back");
  EXPECT_EQ(c.recv<std::string>(), "back");
}

TEST_F(pipe_end_in_a_message, is_gone_for_its_sender) {
  auto [a, b] = ramet::pipe();
  auto [c, sent] = ramet::pipe();
  auto& d = sent;
  a.send(std::move(d));
  EXPECT_TRUE(d.closed());
  auto why = {"sent away and belongs to its receiver"sv};
  expect_error(errc::closed, why, [&] { d.send(1); });
  expect_error(errc::closed, why, [&] { d.recv<int>(); });
  expect_error(errc::closed, why, [&] { d.try_recv<int>(); });
  expect_error(errc::closed, why, [&] { d.native_handle(); });
  auto& end = a;
  expect_error(errc::closed, why, [&] { end.send(std::move(d)); });
  d.close(); // is nothing to the new owner
  d = {};
  auto moved = b.recv<connection>();
  c.send(1);
  EXPECT_EQ(moved.recv<int>(), 1);
}

TEST_F(pipe_end_in_a_message, stays_its_senders_when_there_is_no_room) {
  ramet::queue<connection> full{{.maxsize = 1}};
  auto [a, b] = ramet::pipe();
  auto [c, d] = ramet::pipe();
  full.put(std::move(a));
  EXPECT_FALSE(full.try_put(std::move(c)));
  EXPECT_FALSE(c.closed());
  c.send(1);
  EXPECT_EQ(d.recv<int>(), 1);
}

TEST_F(pipe_end_in_a_message, can_travel_far) {
  auto [a, b] = ramet::pipe();
  auto travelling = std::move(b);
  for (int i = 0; i < 20; ++i) {
    auto [in, out] = ramet::pipe();
    a.send(i);
    in.send(std::move(travelling));
    travelling = out.recv<connection>();
  }
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(travelling.recv<int>(), i);
  travelling.close();
  expect_closed(a);
}

TEST_F(pipe_end_in_a_message, can_travel_through_its_own_pipe) {
  auto [a, b] = ramet::pipe();
  a.send(std::move(a));
  auto other = b.recv<connection>();
  other.send(1);
  EXPECT_EQ(b.recv<int>(), 1);
  b.send(2);
  EXPECT_EQ(other.recv<int>(), 2);
}

TEST_F(pipe_end_in_a_message, goes_unread_in_its_own_pipe) {
  {
    auto [a, b] = ramet::pipe();
    a.send(std::move(a));
  }
  EXPECT_EQ(object_files().size(), 0U);
}

TEST_F(pipe_end_in_a_message, is_closed_with_a_dropped_queue) {
  auto [a, b] = ramet::pipe();
  {
    ramet::queue<connection> post;
    post.put(std::move(b));
    EXPECT_FALSE(a.poll());
  }
  expect_closed(a);
}

TEST_F(pipe_end_in_a_message, is_closed_with_a_dropped_pipe) {
  auto [a, b] = ramet::pipe();
  {
    auto [c, d] = ramet::pipe();
    c.send(std::move(b));
    c.close();
    EXPECT_FALSE(a.poll()) << "d may still receive it";
  }
  expect_closed(a);
}

TEST_F(pipe_end_in_a_message, is_closed_with_a_queue_in_a_dropped_queue) {
  auto [a, b] = ramet::pipe();
  {
    ramet::queue<ramet::queue<connection>> outer;
    ramet::queue<connection> inner;
    inner.put(std::move(b));
    outer.put(std::move(inner));
  }
  expect_closed(a);
}

TEST_F(pipe_end_in_a_message, is_closed_by_a_receiver_that_drops_it) {
  auto [a, b] = ramet::pipe();
  ramet::queue<connection> post;
  post.put(std::move(b));
  post.get();
  expect_closed(a);
}

TEST_F(pipe_end_in_a_message, closed_by_halves_is_closed_by_who_drops_it) {
  auto [a, b] = ramet::pipe();
  ramet::queue<connection> post;
  auto end = ref_of(b);
  post.put(std::move(b));
  close_by_halves(end);
  EXPECT_FALSE(a.poll());
  post = {};
  expect_closed(a);
}

TEST_F(pipe_end_in_a_message, wakes_who_waits_when_it_is_dropped) {
  auto [a, b] = ramet::pipe();
  std::optional<ramet::queue<connection>> post{std::in_place};
  post->put(std::move(b));
  std::jthread receiver{[&a = a] {
    expect_error(errc::closed, {"other end was closed"},
                 [&] { a.recv_for<int>(ramet_test::long_enough); });
  }};
  mailbox_view box{a};
  ASSERT_TRUE(
      ramet_test::eventually([&] { return box.somebody_waits_to_take(); }));
  post.reset();
}

} // namespace
