// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/pipe.hpp>

#include "leak_check.hpp"
#include "shared_memory_view.hpp"

#include <array>
#include <cstring>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace {

using namespace std::literals;
using ramet::connection;
using ramet::errc;
using ramet_test::eventually;
using ramet_test::expect_error;
using ramet_test::long_enough;
using ramet_test::mailbox_view;

struct person {
  std::string name;
  int spam;
  friend bool operator==(const person&, const person&) = default;
};

/// Can be sent, and is refused by its receiver when negative.
struct positive {
  int value = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, positive& x) {
    return f.object(x).fields(
        f.field("value", x.value).invariant([](int v) { return v >= 0; }));
  }
};

struct tree {
  std::vector<tree> branches;
};

std::vector<std::byte> bytes_of(std::string_view text) {
  auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

using kilobyte = std::array<char, 1000>;

/// Sends until the pipe is full; returns how many messages it took.
int fill(connection& end) {
  int count = 0;
  while (end.try_send(kilobyte{}))
    ++count;
  return count;
}

int add(int a, int b) {
  return a + b;
}

class pipe_of_two_ends : public ramet_test::leak_check {};
class pipe_of_raw_bytes : public ramet_test::leak_check {};
class pipe_that_is_full : public ramet_test::leak_check {};
class pipe_that_ends : public ramet_test::leak_check {};
class one_way_pipe : public ramet_test::leak_check {};
class pipe_between_threads : public ramet_test::leak_check {};

// -- values -------------------------------------------------------------------

TEST_F(pipe_of_two_ends, values_of_any_types_arrive_in_order) {
  auto [a, b] = ramet::pipe();
  a.send(person{"Bob", 42});
  a.send(7);
  a.send(std::map<int, std::string>{{1, "one"}});
  EXPECT_EQ(b.recv<person>(), (person{"Bob", 42}));
  EXPECT_EQ(b.recv<int>(), 7);
  EXPECT_EQ((b.recv<std::map<int, std::string>>()),
            (std::map<int, std::string>{{1, "one"}}));
}

TEST_F(pipe_of_two_ends, both_directions_are_independent) {
  auto [a, b] = ramet::pipe();
  a.send(1);
  b.send("two");
  a.send(3);
  EXPECT_EQ(a.recv<std::string>(), "two");
  EXPECT_EQ(b.recv<int>(), 1);
  EXPECT_EQ(b.recv<int>(), 3);
  EXPECT_FALSE(a.poll());
  EXPECT_FALSE(b.poll());
}

TEST_F(pipe_of_two_ends, several_values_travel_as_one_message) {
  auto [a, b] = ramet::pipe();
  a.send(1, 2.5, "three");
  auto [i, d, s] = b.recv<int, double, std::string>();
  EXPECT_EQ(i, 1);
  EXPECT_EQ(d, 2.5);
  EXPECT_EQ(s, "three");
  EXPECT_FALSE(b.poll());
}

TEST_F(pipe_of_two_ends, several_values_are_not_the_tuple_of_them) {
  auto [a, b] = ramet::pipe();
  a.send(1, 2.5);
  expect_error(errc::type_mismatch,
               {"std::tuple<int, double>", "(int, double)"},
               [&, &b = b] { b.recv<std::tuple<int, double>>(); });
  expect_error(errc::type_mismatch, {"expected int,", "(int, double)"},
               [&, &b = b] { b.recv<int>(); });
  EXPECT_EQ((b.recv<int, double>()), std::tuple(1, 2.5));
}

TEST_F(pipe_of_two_ends, text_literals_and_views_arrive_as_what_owns_them) {
  auto [a, b] = ramet::pipe();
  const std::array numbers{1, 2, 3};
  a.send("literal");
  a.send("a view"sv);
  a.send(std::span{numbers});
  a.send("");
  EXPECT_EQ(b.recv<std::string>(), "literal");
  EXPECT_EQ(b.recv<std::string>(), "a view");
  EXPECT_EQ(b.recv<std::vector<int>>(), (std::vector{1, 2, 3}));
  EXPECT_EQ(b.recv<std::string>(), "");
}

TEST_F(pipe_of_two_ends, another_type_than_expected_stays_and_is_named) {
  auto [a, b] = ramet::pipe();
  a.send(person{"Bob", 42});
  auto& end = b;
  auto expected = {"expected std::string"sv, "person"sv, "still there"sv};
  expect_error(errc::type_mismatch, expected, [&] { end.recv<std::string>(); });
  expect_error(errc::type_mismatch, {"try_recv", "person"},
               [&] { end.try_recv<std::string>(); });
  expect_error(errc::type_mismatch, {"recv_for", "person"},
               [&] { end.recv_for<std::string>(1h); });
  expect_error(errc::type_mismatch, {"recv_bytes", "raw bytes", "person"},
               [&] { end.recv_bytes(); });
  expect_error(errc::type_mismatch, {"recv_view", "raw bytes", "person"},
               [&] { end.recv_view(); });
  EXPECT_EQ(end.recv<person>(), (person{"Bob", 42}));
}

TEST_F(pipe_of_two_ends, receive_calls_the_handler_of_the_messages_type) {
  auto [a, b] = ramet::pipe();
  a.send(person{"Bob", 42});
  a.send(1, 2);
  a.send("text");
  std::string called;
  auto take = [&, &b = b] {
    return b.receive(
        [&](const person& p) {
          called = p.name;
          return 1;
        },
        add,
        [&](std::string s) {
          called = std::move(s);
          return 2;
        });
  };
  EXPECT_EQ(take(), 1);
  EXPECT_EQ(called, "Bob");
  EXPECT_EQ(take(), 3);
  EXPECT_EQ(take(), 2);
  EXPECT_EQ(called, "text");
}

TEST_F(pipe_of_two_ends, receive_without_a_fitting_handler_names_them_all) {
  auto [a, b] = ramet::pipe();
  a.send('x');
  auto& end = b;
  expect_error(errc::type_mismatch,
               {"receive", "int or (int, double)", "found char"},
               [&] { end.receive([](int) {}, [](int, double) {}); });
  EXPECT_EQ(end.recv<char>(), 'x');
}

TEST_F(pipe_of_two_ends, a_handler_may_use_the_connection) {
  auto [a, b] = ramet::pipe();
  a.send(1);
  a.send(2);
  auto& end = b;
  end.receive([&](int first) { end.send(first + end.recv<int>()); });
  EXPECT_EQ(a.recv<int>(), 3);
}

TEST_F(pipe_of_two_ends, a_handler_that_throws_has_had_its_message) {
  auto [a, b] = ramet::pipe();
  a.send(1);
  a.send(2);
  auto& end = b;
  EXPECT_THROW(end.receive([](int i) { throw i; }), int);
  EXPECT_EQ(end.recv<int>(), 2);
}

TEST_F(pipe_of_two_ends, a_value_refused_by_its_receiver_is_dropped) {
  auto [a, b] = ramet::pipe();
  a.send(positive{-1});
  a.send(positive{1});
  auto& end = b;
  expect_error(errc::protocol, {"positive", "refused"},
               [&] { end.recv<positive>(); });
  EXPECT_EQ(end.recv<positive>().value, 1);
}

TEST_F(pipe_of_two_ends, what_cannot_be_encoded_is_not_sent) {
  auto [a, b] = ramet::pipe();
  auto& end = a;
  tree deep;
  for (int i = 0; i < 600; ++i)
    deep = {{std::move(deep)}};
  expect_error(errc::not_serializable, {"tree"}, [&] { end.send(deep); });
  connection gone; // found only while the message is written
  expect_error(errc::closed, {}, [&] { end.send(1, std::move(gone)); });
  expect_error(errc::closed, {},
               [&] { end.send(std::vector<int>(1 << 20), std::move(gone)); });
  end.send(2);
  EXPECT_EQ(b.recv<int>(), 2);
  EXPECT_FALSE(b.poll());
}

TEST_F(pipe_of_two_ends, large_messages_arrive_whole) {
  auto [a, b] = ramet::pipe();
  std::vector<std::uint64_t> large(4 << 20); // 32 MiB
  std::iota(large.begin(), large.end(), 0);
  a.send(large);
  a.send(1);
  EXPECT_TRUE(b.recv<std::vector<std::uint64_t>>() == large);
  EXPECT_EQ(b.recv<int>(), 1);
}

TEST_F(pipe_of_two_ends, a_pipe_sent_into_by_many_laps_keeps_order) {
  auto [a, b] = ramet::pipe();
  int next = 0;
  for (int i = 0; i < 20'000; ++i) {
    a.send(i, std::string(static_cast<std::size_t>(i % 97), 'x'));
    if (i % 3 == 2)
      for (int j = 0; j < 3; ++j, ++next) {
        auto [n, text] = b.recv<int, std::string>();
        ASSERT_EQ(n, next);
        ASSERT_EQ(text.size(), static_cast<std::size_t>(next % 97));
      }
  }
}

// -- without waiting, and waiting for a time ----------------------------------

TEST_F(pipe_of_two_ends, an_empty_pipe_gives_nothing_in_time) {
  auto [a, b] = ramet::pipe();
  EXPECT_EQ(b.try_recv<int>(), std::nullopt);
  EXPECT_EQ(b.try_recv_bytes(), std::nullopt);
  auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(b.recv_for<int>(20ms), std::nullopt);
  EXPECT_EQ(b.recv_bytes_for(20ms), std::nullopt);
  EXPECT_FALSE(b.poll_for(20ms));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 60ms);
  EXPECT_EQ(b.recv_for<int>(-1s), std::nullopt);
  EXPECT_FALSE(b.poll());
}

TEST_F(pipe_of_two_ends, a_message_there_is_given_without_waiting) {
  auto [a, b] = ramet::pipe();
  for (int i = 0; i < 4; ++i)
    a.send(i);
  EXPECT_TRUE(b.poll());
  EXPECT_TRUE(b.poll_for(0s));
  EXPECT_TRUE(b.poll_for(1h));
  EXPECT_EQ(b.try_recv<int>(), 0);
  EXPECT_EQ(b.recv_for<int>(0s), 1);
  EXPECT_EQ(b.recv_for<int>(1h), 2);
  // The longest duration is no overflow into the past.
  EXPECT_EQ(b.recv_for<int>(std::chrono::hours::max()), 3);
}

TEST_F(pipe_of_two_ends, several_values_can_be_received_with_every_verb) {
  auto [a, b] = ramet::pipe();
  EXPECT_TRUE(a.try_send(1, 'a'));
  EXPECT_TRUE(a.send_for(1s, 2, 'b'));
  EXPECT_EQ((b.try_recv<int, char>()), std::tuple(1, 'a'));
  EXPECT_EQ((b.recv_for<int, char>(1s)), std::tuple(2, 'b'));
}

// -- bytes --------------------------------------------------------------------

TEST_F(pipe_of_raw_bytes, bytes_arrive_as_they_were_sent) {
  auto [a, b] = ramet::pipe();
  a.send_bytes(bytes_of("hello"));
  a.send_bytes({});
  a.send_bytes(bytes_of("again"));
  a.send_bytes(bytes_of("and again"));
  EXPECT_EQ(b.recv_bytes(), bytes_of("hello"));
  EXPECT_EQ(b.recv_bytes(), bytes_of(""));
  EXPECT_EQ(b.try_recv_bytes(), bytes_of("again"));
  EXPECT_EQ(b.recv_bytes_for(1s), bytes_of("and again"));
}

TEST_F(pipe_of_raw_bytes, bytes_are_no_vector_of_bytes) {
  auto [a, b] = ramet::pipe();
  a.send_bytes(bytes_of("hello"));
  auto& end = b;
  expect_error(errc::type_mismatch, {"found raw bytes"},
               [&] { end.recv<std::vector<std::byte>>(); });
  EXPECT_EQ(end.recv_bytes(), bytes_of("hello"));
}

TEST_F(pipe_of_raw_bytes, a_buffer_receives_as_much_as_was_sent) {
  auto [a, b] = ramet::pipe();
  a.send_bytes(bytes_of("hello"));
  std::array<std::byte, 5> exact{};
  EXPECT_EQ(b.recv_bytes(exact), 5U);
  EXPECT_EQ(std::memcmp(exact.data(), "hello", 5), 0);
  a.send_bytes(bytes_of("hi"));
  EXPECT_EQ(b.recv_bytes(exact), 2U);
  EXPECT_EQ(std::memcmp(exact.data(), "hillo", 5), 0);
}

TEST_F(pipe_of_raw_bytes, a_buffer_too_small_leaves_the_message) {
  auto [a, b] = ramet::pipe();
  a.send_bytes(bytes_of("hello"));
  std::array<std::byte, 4> small{};
  auto& end = b;
  expect_error(errc::full, {"recv_bytes", "5 bytes", "room for 4", "larger"},
               [&] { end.recv_bytes(small); });
  EXPECT_EQ(small, (std::array<std::byte, 4>{}));
  EXPECT_EQ(end.recv_bytes(), bytes_of("hello"));
}

TEST_F(pipe_of_raw_bytes, views_outlive_message_and_connection) {
  std::vector<std::byte> large(1 << 20, std::byte{7});
  ramet::message_view small_view;
  ramet::message_view large_view;
  {
    auto [a, b] = ramet::pipe();
    a.send_bytes(bytes_of("hello"));
    a.send_bytes(large);
    a.send_bytes({});
    small_view = b.recv_view();
    large_view = b.recv_view();
    EXPECT_TRUE(b.recv_view().empty());
  }
  EXPECT_EQ(ramet_test::object_files().size(), 1U); // the large message
  EXPECT_TRUE(std::ranges::equal(small_view, bytes_of("hello")));
  auto copy = large_view;
  large_view = {};
  EXPECT_TRUE(std::ranges::equal(copy, large));
  EXPECT_TRUE(large_view.empty());
  std::span<const std::byte> span = copy;
  EXPECT_EQ(span.data(), copy.data());
}

// -- a full pipe --------------------------------------------------------------

TEST_F(pipe_that_is_full, takes_no_more_until_it_is_read) {
  auto [a, b] = ramet::pipe();
  auto count = fill(a);
  EXPECT_GT(count, 200); // of a kilobyte, into 256
  EXPECT_LT(count, 262);
  EXPECT_FALSE(a.send_for(10ms, kilobyte{}));
  b.send("the other direction has room");
  for (int i = 0; i < count; ++i)
    b.recv<kilobyte>();
  EXPECT_FALSE(b.poll());
  EXPECT_EQ(fill(a), count);
}

TEST_F(pipe_that_is_full, makes_the_sender_wait_for_the_receiver) {
  auto [a, b] = ramet::pipe();
  auto count = fill(a);
  std::jthread sender{[&a = a] { a.send(kilobyte{'f'}); }};
  mailbox_view box{b};
  ASSERT_TRUE(eventually([&] { return box.somebody_waits_to_put(); }));
  for (int i = 0; i < count; ++i)
    b.recv<kilobyte>();
  EXPECT_EQ(b.recv_for<kilobyte>(long_enough), kilobyte{'f'});
}

TEST_F(pipe_that_is_full, lets_the_sender_go_on_though_little_was_read) {
  auto [a, b] = ramet::pipe();
  fill(a);
  bool sent = false;
  {
    std::jthread sender{
        [&, &a = a] { sent = a.send_for(long_enough, kilobyte{}); }};
    mailbox_view box{b};
    ASSERT_TRUE(eventually([&] { return box.somebody_waits_to_put(); }));
    b.recv<kilobyte>(); // leaves it more than half full
  }
  EXPECT_TRUE(sent);
}

TEST_F(pipe_that_is_full, refuses_a_large_message_as_well) {
  auto [a, b] = ramet::pipe();
  while (a.try_send(1)) {
  }
  auto files = ramet_test::object_files();
  EXPECT_FALSE(a.try_send(std::vector<int>(1 << 20)));
  EXPECT_EQ(ramet_test::object_files(), files);
}

// -- the end ------------------------------------------------------------------

TEST_F(pipe_that_ends, is_drained_and_then_says_closed) {
  auto [a, b] = ramet::pipe();
  a.send(1);
  a.send(2);
  a.close();
  EXPECT_TRUE(a.closed());
  EXPECT_FALSE(b.closed());
  EXPECT_TRUE(b.poll());
  EXPECT_EQ(b.recv<int>(), 1);
  EXPECT_EQ(b.try_recv<int>(), 2);
  EXPECT_TRUE(b.poll()) << "receiving would not wait";
  EXPECT_TRUE(b.poll_for(1h));
  auto& end = b;
  expect_error(errc::closed, {"connection::recv:", "other end was closed"},
               [&] { end.recv<int>(); });
  expect_error(errc::closed, {"try_recv", "other end was closed"},
               [&] { end.try_recv<int>(); });
  expect_error(errc::closed, {"recv_for", "other end was closed"},
               [&] { end.recv_for<int>(1h); });
  expect_error(errc::closed, {"receive", "other end was closed"},
               [&] { end.receive([](int) {}); });
  expect_error(errc::closed, {"recv_view"}, [&] { end.recv_view(); });
  expect_error(errc::closed, {"recv_bytes"}, [&] { end.recv_bytes(); });
  expect_error(errc::closed, {"try_recv_bytes"}, [&] { end.try_recv_bytes(); });
}

TEST_F(pipe_that_ends, refuses_to_send_at_once) {
  auto [a, b] = ramet::pipe();
  b.send("still to be read");
  b.close();
  auto& end = a;
  expect_error(errc::closed, {"connection::send:", "other end was closed"},
               [&] { end.send(1); });
  expect_error(errc::closed, {"try_send"}, [&] { end.try_send(1); });
  expect_error(errc::closed, {"send_for"}, [&] { end.send_for(1h, 1); });
  expect_error(errc::closed, {"send_bytes"},
               [&] { end.send_bytes(bytes_of("x")); });
  EXPECT_EQ(end.recv<std::string>(), "still to be read");
}

TEST_F(pipe_that_ends, says_so_at_the_end_that_was_closed) {
  auto [a, b] = ramet::pipe();
  b.send(1);
  a.close();
  a.close(); // may be repeated
  auto& end = a;
  expect_error(errc::closed, {"recv", "this end was closed before"},
               [&] { end.recv<int>(); });
  expect_error(errc::closed, {"send", "this end was closed before"},
               [&] { end.send(1); });
  expect_error(errc::closed, {"native handle", "this end was closed before"},
               [&] { end.native_handle(); });
  EXPECT_TRUE(end.poll());
}

TEST_F(pipe_that_ends, is_closed_by_destroying_an_end) {
  auto [a, b] = ramet::pipe();
  {
    connection moved = std::move(a);
    moved.send(1);
  }
  EXPECT_EQ(b.recv<int>(), 1);
  auto& end = b;
  expect_error(errc::closed, {"recv"}, [&] { end.recv<int>(); });
}

TEST_F(pipe_that_ends, is_closed_by_assigning_to_an_end) {
  auto [a, b] = ramet::pipe();
  auto [c, d] = ramet::pipe();
  a = std::move(c);
  auto& end = b;
  expect_error(errc::closed, {"recv"}, [&] { end.recv<int>(); });
  a.send(1);
  EXPECT_EQ(d.recv<int>(), 1);
}

TEST_F(pipe_that_ends, every_verb_of_a_connection_without_an_end_says_closed) {
  auto [a, b] = ramet::pipe();
  auto moved = std::move(a);
  connection never_made;
  for (auto* end : {&a, &never_made}) {
    EXPECT_TRUE(end->closed());
    EXPECT_TRUE(end->poll());
    auto why = {"moved from, or never made"sv};
    expect_error(errc::closed, why, [&] { end->send(1); });
    expect_error(errc::closed, why, [&] { end->try_send(1); });
    expect_error(errc::closed, why, [&] { end->send_for(1s, 1); });
    expect_error(errc::closed, why, [&] { end->send_bytes({}); });
    expect_error(errc::closed, why, [&] { end->recv<int>(); });
    expect_error(errc::closed, why, [&] { end->try_recv<int>(); });
    expect_error(errc::closed, why, [&] { end->recv_for<int>(1s); });
    expect_error(errc::closed, why, [&] { end->receive([](int) {}); });
    expect_error(errc::closed, why, [&] { end->recv_bytes(); });
    expect_error(errc::closed, why, [&] { end->recv_view(); });
    expect_error(errc::closed, why, [&] { end->native_handle(); });
    end->close();
  }
  moved.send(1);
  EXPECT_EQ(b.recv<int>(), 1);
}

TEST_F(pipe_that_ends, wakes_a_waiting_receiver) {
  auto [a, b] = ramet::pipe();
  std::jthread receiver{[&b = b] {
    expect_error(errc::closed, {"other end was closed"},
                 [&] { b.recv_for<int>(long_enough); });
  }};
  mailbox_view box{b};
  ASSERT_TRUE(eventually([&] { return box.somebody_waits_to_take(); }));
  a.close();
}

TEST_F(pipe_that_ends, wakes_a_waiting_sender) {
  auto [a, b] = ramet::pipe();
  fill(a);
  std::jthread sender{[&a = a] {
    expect_error(errc::closed, {"other end was closed"},
                 [&] { a.send_for(long_enough, kilobyte{}); });
  }};
  mailbox_view box{b};
  ASSERT_TRUE(eventually([&] { return box.somebody_waits_to_put(); }));
  b.close();
}

TEST_F(pipe_that_ends, wakes_those_who_wait_at_the_closed_end_itself) {
  auto [a, b] = ramet::pipe();
  std::jthread receiver{[&a = a] {
    expect_error(errc::closed, {"this end was closed before"},
                 [&] { a.recv_for<int>(long_enough); });
  }};
  mailbox_view box{a};
  ASSERT_TRUE(eventually([&] { return box.somebody_waits_to_take(); }));
  a.close();
}

// -- one way ------------------------------------------------------------------

TEST_F(one_way_pipe, carries_from_the_second_end_to_the_first) {
  auto [reader, writer] = ramet::pipe({.duplex = false});
  writer.send(1);
  EXPECT_TRUE(reader.poll());
  EXPECT_EQ(reader.recv<int>(), 1);
  writer.close();
  auto& end = reader;
  expect_error(errc::closed, {"recv"}, [&] { end.recv<int>(); });
}

TEST_F(one_way_pipe, the_receiving_end_does_not_send) {
  auto [first, second] = ramet::pipe({.duplex = false});
  auto& reader = first;
  auto why = {"sending on the receiving end"sv, "send on the other end"sv};
  expect_error(errc::protocol, why, [&] { reader.send(1); });
  expect_error(errc::protocol, why, [&] { reader.try_send(1); });
  expect_error(errc::protocol, why, [&] { reader.send_for(1s, 1); });
  expect_error(errc::protocol, why, [&] { reader.send_bytes({}); });
}

TEST_F(one_way_pipe, the_sending_end_does_not_receive) {
  auto [first, second] = ramet::pipe({.duplex = false});
  auto& writer = second;
  auto why = {"receiving on the sending end"sv, "receive on the other end"sv};
  expect_error(errc::protocol, why, [&] { writer.recv<int>(); });
  expect_error(errc::protocol, why, [&] { writer.try_recv<int>(); });
  expect_error(errc::protocol, why, [&] { writer.recv_for<int>(1s); });
  expect_error(errc::protocol, why, [&] { writer.receive([](int) {}); });
  expect_error(errc::protocol, why, [&] { writer.recv_bytes(); });
  expect_error(errc::protocol, why, [&] { writer.recv_view(); });
  expect_error(errc::protocol, why, [&] { writer.poll_for(1s); });
  EXPECT_FALSE(writer.poll());
}

// -- threads ------------------------------------------------------------------

TEST_F(pipe_between_threads, answers_come_back_one_by_one) {
  auto [a, b] = ramet::pipe();
  std::jthread echo{[&b = b] {
    for (int i = 0; i < 5'000; ++i)
      b.send(b.recv<int>() + 1);
  }};
  for (int i = 0; i < 5'000; ++i) {
    a.send(i);
    ASSERT_EQ(a.recv_for<int>(long_enough), i + 1);
  }
}

TEST_F(pipe_between_threads, messages_of_many_senders_are_whole_and_in_order) {
  constexpr int senders = 4;
  constexpr int each = 5'000;
  auto [a, b] = ramet::pipe();
  std::vector<std::jthread> threads;
  for (int id = 0; id < senders; ++id)
    threads.emplace_back([id, &a = a] {
      for (int i = 0; i < each; ++i)
        a.send(id, i, std::string(static_cast<std::size_t>(i % 200), 'x'));
    });
  std::array<int, senders> next{};
  for (int n = 0; n < senders * each; ++n) {
    auto message = b.recv_for<int, int, std::string>(long_enough);
    ASSERT_TRUE(message);
    auto& [id, i, text] = *message;
    ASSERT_EQ(i, next.at(static_cast<std::size_t>(id))++);
    ASSERT_EQ(text, std::string(static_cast<std::size_t>(i % 200), 'x'));
  }
}

TEST_F(pipe_between_threads, one_that_only_polls_takes_no_wake_away) {
  // The message must wake the receiver, whichever of both was woken first.
  for (int round = 0; round < 200; ++round) {
    auto [a, b] = ramet::pipe();
    std::jthread poller{[&b = b] { EXPECT_TRUE(b.poll_for(long_enough)); }};
    std::jthread receiver{
        [&b = b] { EXPECT_EQ(b.recv_for<int>(long_enough), 1); }};
    mailbox_view box{b};
    if (round % 2) {
      ASSERT_TRUE(eventually([&] { return box.somebody_waits_to_take(); }));
    }
    a.send(1);
    receiver.join();
    a.close(); // the poller may have come too late to see the message
  }
}

} // namespace
