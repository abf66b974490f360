// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Pipes, queues, mutexes and shared memory between a program and its children.

#include "every_start_method.hpp"

#include <ramet/connection.hpp>
#include <ramet/error.hpp>
#include <ramet/mutex.hpp>
#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>
#include <ramet/shared_array.hpp>
#include <ramet/shared_value.hpp>
#include <ramet/wait.hpp>

#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ramet::test {

namespace {

template <class Action>
std::optional<errc> code_of(Action action) {
  try {
    action();
  } catch (const error& refused) {
    return static_cast<errc>(refused.code().value());
  }
  return std::nullopt;
}

// -- pipes --------------------------------------------------------------------

class pipe_conformance : public conformance {};
RAMET_BY_EVERY_START_METHOD(pipe_conformance);

struct person {
  std::string name;
  std::map<std::string, int> scores;
};

void answer(connection pipe) {
  auto who = pipe.recv<person>();
  who.scores["seen"] = 1;
  pipe.send(who);
  auto [number, text] = pipe.recv<int, std::string>();
  pipe.send(text + std::to_string(number));
  pipe.send_bytes(pipe.recv_bytes());
}

TEST_P(pipe_conformance, carry_values_of_any_type_both_ways) {
  auto [here, there] = pipe();
  auto child = start(answer, std::move(there));
  EXPECT_TRUE(there.closed()); // NOLINT(bugprone-use-after-move): moved away
  here.send(person{"Ada", {{"chess", 2}}});
  auto back = here.recv<person>();
  EXPECT_EQ(back.name, "Ada");
  EXPECT_EQ(back.scores,
            (std::map<std::string, int>{{"chess", 2}, {"seen", 1}}));
  here.send(7, std::string{"x"});
  EXPECT_EQ(here.recv<std::string>(), "x7");
  std::vector<std::byte> bytes(3'000'000, std::byte{5}); // out of line
  here.send_bytes(bytes);
  EXPECT_EQ(here.recv_bytes(), bytes);
  child.join();
  EXPECT_TRUE(child.status()->success());
}

TEST_P(pipe_conformance, leave_a_message_of_another_type_in_place) {
  auto [here, there] = pipe();
  auto child = start([](connection pipe) { pipe.send(std::string{"text"}); },
                     std::move(there));
  EXPECT_EQ(code_of([&] { here.recv<int>(); }), errc::type_mismatch);
  EXPECT_EQ(here.recv<std::string>(), "text");
  child.join();
}

TEST_P(pipe_conformance, keep_the_boundaries_of_messages) {
  auto [here, there] = pipe();
  auto child = start(
      [](connection pipe) {
        for (auto size : {1, 0, 100'000, 3})
          pipe.send_bytes(std::vector<std::byte>(static_cast<size_t>(size)));
      },
      std::move(there));
  for (auto size : {1U, 0U, 100'000U, 3U})
    EXPECT_EQ(here.recv_bytes().size(), size);
  child.join();
}

TEST_P(pipe_conformance, keep_a_message_that_a_buffer_is_too_small_for) {
  auto [here, there] = pipe();
  auto child = start(
      [](connection pipe) {
        pipe.send_bytes(std::vector<std::byte>(10, std::byte{3}));
      },
      std::move(there));
  std::vector<std::byte> buffer(4);
  EXPECT_EQ(code_of([&] { here.recv_bytes(std::span{buffer}); }), errc::full);
  buffer.resize(10);
  EXPECT_EQ(here.recv_bytes(std::span{buffer}), 10U);
  EXPECT_EQ(buffer.back(), std::byte{3});
  child.join();
}

TEST_P(pipe_conformance, one_way_have_a_direction) {
  auto [in, out] = pipe({.duplex = false});
  auto child = start(
      [](connection out) {
        out.send(1);
        if (code_of([&] { out.recv<int>(); }) == errc::protocol)
          out.send(2);
      },
      std::move(out));
  EXPECT_EQ(code_of([&] { in.send(1); }), errc::protocol);
  EXPECT_EQ(in.recv<int>(), 1);
  EXPECT_EQ(in.recv<int>(), 2);
  child.join();
}

TEST_P(pipe_conformance, end_when_the_child_does) {
  auto [here, there] = pipe();
  auto child = start(
      [](connection pipe) {
        pipe.send(1);
        pipe.send(2);
      },
      std::move(there));
  child.join();
  EXPECT_EQ(here.recv<int>(), 1); // drained first
  EXPECT_EQ(here.recv<int>(), 2);
  EXPECT_EQ(code_of([&] { here.recv<int>(); }), errc::closed);
  EXPECT_EQ(code_of([&] { here.send(1); }), errc::closed);
}

TEST_P(pipe_conformance, go_in_messages_through_others) {
  auto [here, there] = pipe();
  auto child = start(
      [](connection pipe) {
        auto inner = pipe.recv<connection>();
        inner.send(std::string{"through"});
        pipe.send(std::move(inner)); // and back again
      },
      std::move(there));
  auto [left, right] = pipe();
  here.send(std::move(right));
  EXPECT_EQ(left.recv<std::string>(), "through");
  auto back = here.recv<connection>();
  left.send(1);
  EXPECT_EQ(back.recv<int>(), 1);
  child.join();
}

TEST_P(pipe_conformance, of_many_children_are_waited_for_together) {
  std::vector<connection> ends;
  std::vector<process> children;
  for (int i = 0; i < 4; ++i) {
    auto [here, there] = pipe();
    children.push_back(start(
        [](connection pipe, int count) {
          for (int i = 0; i < count; ++i)
            pipe.send(i);
        },
        std::move(there), 10 * i));
    ends.push_back(std::move(here));
  }
  int received = 0;
  while (!ends.empty()) {
    auto ready = wait_for(20s, ends);
    ASSERT_FALSE(ready.empty());
    for (auto place = ends.begin(); place != ends.end();) {
      bool open = true;
      try {
        while (place->try_recv<int>())
          ++received;
      } catch (const error&) {
        open = false;
      }
      place = open ? place + 1 : ends.erase(place);
    }
  }
  EXPECT_EQ(received, 60);
  for (auto& child : children)
    child.join();
}

TEST_P(pipe_conformance, are_waited_for_no_longer_than_asked) {
  auto [here, there] = pipe();
  auto child = start(
      [](connection pipe) {
        pipe.recv<int>();
        pipe.send(1);
      },
      std::move(there));
  EXPECT_FALSE(here.poll());
  EXPECT_FALSE(here.poll_for(20ms));
  EXPECT_FALSE(here.recv_for<int>(20ms));
  EXPECT_FALSE(here.recv_for<int>(-1s));
  EXPECT_TRUE(wait_for(-1s, here).empty());
  here.send(1);
  EXPECT_TRUE(here.poll_for(20s));
  EXPECT_EQ(here.try_recv<int>(), 1);
  child.join();
}

// -- queues -------------------------------------------------------------------

class queue_conformance : public conformance {};
RAMET_BY_EVERY_START_METHOD(queue_conformance);

TEST_P(queue_conformance, are_bounded_and_timed) {
  queue<int> bounded{{.maxsize = 2}};
  auto [here, there] = pipe();
  auto child = start(
      [](queue<int> q, connection pipe) {
        q.put(1);
        q.put(2);
        pipe.send(q.full(), q.try_put(3), q.put_for(20ms, 3));
        q.put(3); // waits for the other side
        pipe.send(true);
      },
      bounded, std::move(there));
  auto [full, tried, timed] = here.recv<bool, bool, bool>();
  EXPECT_TRUE(full);
  EXPECT_FALSE(tried);
  EXPECT_FALSE(timed);
  EXPECT_FALSE(here.poll());
  EXPECT_EQ(bounded.size(), 2U);
  EXPECT_EQ(bounded.get(), 1);
  EXPECT_TRUE(here.recv<bool>());
  EXPECT_EQ(bounded.get(), 2);
  EXPECT_EQ(bounded.get(), 3);
  EXPECT_FALSE(bounded.try_get());
  EXPECT_FALSE(bounded.get_for(10ms));
  EXPECT_TRUE(bounded.empty());
  child.join();
}

TEST_P(queue_conformance, keep_what_an_ended_child_has_put) {
  queue<std::string> items;
  auto child = start(
      [](queue<std::string> q) {
        for (int i = 0; i < 1000; ++i)
          q.put(std::to_string(i));
        q.put(std::string(1'000'000, 'x'));
      },
      items);
  child.join(); // before anything is got
  EXPECT_EQ(items.size(), 1001U);
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(items.get(), std::to_string(i));
  EXPECT_EQ(items.get().size(), 1'000'000U);
}

TEST_P(queue_conformance, wait_until_what_was_put_is_dealt_with) {
  queue<int> work;
  auto child = start(
      [](queue<int> q) {
        for ([[maybe_unused]] int item : q)
          q.task_done();
      },
      work);
  for (int i = 0; i < 100; ++i)
    work.put(i);
  work.join();
  EXPECT_TRUE(work.empty());
  EXPECT_EQ(code_of([&] { work.task_done(); }), errc::protocol);
  work.put(1);
  work.close();
  child.join();
  EXPECT_TRUE(work.try_join());
}

TEST_P(queue_conformance, say_closed_to_those_who_wait) {
  queue<int> items;
  auto [here, there] = pipe();
  auto child = start(
      [](queue<int> q, connection pipe) {
        pipe.send(q.get());
        pipe.send(code_of([&] { q.get(); }) == errc::closed);
        pipe.send(code_of([&] { q.put(1); }) == errc::closed);
      },
      items, std::move(there));
  items.put(5);
  EXPECT_EQ(here.recv<int>(), 5);
  items.close();
  EXPECT_TRUE(here.recv<bool>());
  EXPECT_TRUE(here.recv<bool>());
  child.join();
}

TEST_P(queue_conformance, lose_and_double_nothing_between_many) {
  constexpr int producers = 3;
  constexpr int each = 2000;
  queue<int> items;
  queue<std::pair<int, std::int64_t>> sums;
  std::vector<process> makers;
  std::vector<process> takers;
  for (int i = 0; i < producers; ++i)
    makers.push_back(start(
        [](queue<int> q, int from) {
          for (int i = 0; i < each; ++i)
            q.put(from + i);
        },
        items, i * each));
  for (int i = 0; i < 2; ++i)
    takers.push_back(start(
        [](queue<int> q, queue<std::pair<int, std::int64_t>> out) {
          std::pair<int, std::int64_t> result{0, 0};
          for (int item : q) {
            ++result.first;
            result.second += item;
          }
          out.put(result);
        },
        items, sums));
  for (auto& one : makers)
    one.join();
  items.close();
  auto a = sums.get();
  auto b = sums.get();
  std::int64_t n = producers * each;
  EXPECT_EQ(a.first + b.first, n);
  EXPECT_EQ(a.second + b.second, n * (n - 1) / 2);
  for (auto& one : takers)
    one.join();
}

TEST_P(queue_conformance, travel_in_messages) {
  queue<queue<int>> of_queues;
  auto child = start(
      [](queue<queue<int>> from) {
        auto inner = from.get();
        inner.put(9);
      },
      of_queues);
  queue<int> inner;
  of_queues.put(inner);
  EXPECT_EQ(inner.get(), 9);
  child.join();
}

// -- mutexes ------------------------------------------------------------------

class mutex_conformance : public conformance {};
RAMET_BY_EVERY_START_METHOD(mutex_conformance);

TEST_P(mutex_conformance, exclude_each_other) {
  mutex lock;
  raw_shared_value<int> count{0};
  std::vector<process> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(start(
        [](mutex lock, raw_shared_value<int> count) {
          for (int n = 0; n < 2000; ++n) {
            std::scoped_lock guard{lock};
            auto seen = count.unlocked();
            count.unlocked() = seen + 1;
          }
        },
        lock, count));
  for (auto& one : all)
    one.join();
  EXPECT_EQ(count.load(), 8000);
}

TEST_P(mutex_conformance, are_unlocked_by_their_owner_only) {
  mutex lock;
  lock.lock();
  auto child = start(
      [](mutex lock) {
        if (lock.try_lock() || lock.try_lock_for(20ms))
          throw error(errc::protocol, "locked twice");
        if (code_of([&] { lock.unlock(); }) != errc::protocol)
          throw error(errc::protocol, "unlocked by another");
      },
      lock);
  child.join();
  EXPECT_TRUE(child.status()->success());
  lock.unlock();
  EXPECT_EQ(code_of([&] { lock.unlock(); }), errc::protocol);
}

TEST_P(mutex_conformance, tell_once_that_their_owner_is_gone) {
  mutex lock;
  start([](mutex lock) { lock.lock(); }, lock).join();
  EXPECT_EQ(code_of([&] { lock.lock(); }), errc::owner_died);
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
  start([](mutex lock) { lock.lock(); }, lock).join();
  EXPECT_TRUE(lock.try_recover());
  lock.unlock();
}

// -- shared values and arrays -------------------------------------------------

class shared_conformance : public conformance {};
RAMET_BY_EVERY_START_METHOD(shared_conformance);

TEST_P(shared_conformance, values_are_seen_by_all) {
  shared_value<int> value{5};
  auto child = start(
      [](shared_value<int> v) {
        for (int i = 0; i < 1000; ++i)
          ++*v.lock();
      },
      value);
  for (int i = 0; i < 1000; ++i)
    ++*value.lock();
  child.join();
  EXPECT_EQ(value.load(), 2005);
}

TEST_P(shared_conformance, values_are_changed_in_one_step) {
  shared_value<std::int64_t> value{0};
  std::vector<process> all;
  for (int i = 0; i < 3; ++i)
    all.push_back(start(
        [](shared_value<std::int64_t> v) {
          for (int i = 0; i < 2000; ++i)
            v.fetch_add(1);
        },
        value));
  for (auto& one : all)
    one.join();
  EXPECT_EQ(value.load(), 6000);
}

TEST_P(shared_conformance, arrays_begin_with_zeros_and_are_seen_by_all) {
  shared_array<double> all(1000);
  EXPECT_EQ(std::accumulate(all.unlocked().begin(), all.unlocked().end(), 0.0),
            0.0);
  auto child = start(
      [](shared_array<double> all) {
        for (double& x : all.lock())
          x += 0.5;
      },
      all);
  child.join();
  for (double x : all.lock())
    EXPECT_EQ(x, 0.5);
  EXPECT_EQ(all.size(), 1000U);
}

TEST_P(shared_conformance, what_is_copied_out_is_independent) {
  shared_array<int> all(3);
  std::vector<int> copy(all.unlocked().begin(), all.unlocked().end());
  start(
      [](shared_array<int> all, std::vector<int> copy) {
        all.unlocked()[0] = 1;
        copy[1] = 1;
      },
      all, copy)
      .join();
  EXPECT_EQ(all.unlocked()[0], 1);
  EXPECT_EQ(copy, (std::vector<int>{0, 0, 0}));
}

} // namespace

} // namespace ramet::test
