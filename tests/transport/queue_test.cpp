// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>

#include "leak_check.hpp"
#include "shared_memory_view.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::literals;
using ramet::errc;
using ramet_test::eventually;
using ramet_test::expect_error;
using ramet_test::long_enough;
using ramet_test::mailbox_view;

/// Can be put, and is refused by who gets it when negative.
struct positive {
  int value = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, positive& x) {
    return f.object(x).fields(
        f.field("value", x.value).invariant([](int v) { return v >= 0; }));
  }
};

struct stamped {
  int producer;
  int number;
};

class queue_of_items : public ramet_test::leak_check {};
class bounded_queue : public ramet_test::leak_check {};
class closed_queue : public ramet_test::leak_check {};
class queue_of_tasks : public ramet_test::leak_check {};
class queue_between_threads : public ramet_test::leak_check {};

// -- items --------------------------------------------------------------------

TEST_F(queue_of_items, gives_them_in_the_order_in_which_they_were_put) {
  ramet::queue<std::pair<int, std::string>> post;
  for (int i = 0; i < 1000; ++i)
    post.put({i, std::to_string(i)});
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(post.get(), std::pair(i, std::to_string(i)));
  EXPECT_TRUE(post.empty());
}

TEST_F(queue_of_items, copies_of_a_handle_share_the_queue) {
  ramet::queue<int> one;
  auto other = one;
  ramet::queue<int> third;
  third = other;
  one.put(1);
  other.put(2);
  EXPECT_EQ(third.size(), 2U);
  EXPECT_EQ(third.get(), 1);
  EXPECT_EQ(one.get(), 2);
  other.close();
  EXPECT_TRUE(one.closed());
}

TEST_F(queue_of_items, a_handle_that_was_moved_from_is_still_one) {
  ramet::queue<int> one;
  auto other = std::move(one);
  other.put(1);
  EXPECT_EQ(one.get(), 1);
}

TEST_F(queue_of_items, an_empty_queue_gives_nothing_in_time) {
  ramet::queue<int> post;
  EXPECT_EQ(post.try_get(), std::nullopt);
  auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(post.get_for(30ms), std::nullopt);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 30ms);
  EXPECT_EQ(post.get_for(0s), std::nullopt);
  EXPECT_EQ(post.get_for(-1s), std::nullopt);
}

TEST_F(queue_of_items, an_item_there_is_given_without_waiting) {
  ramet::queue<int> post;
  EXPECT_TRUE(post.try_put(1));
  EXPECT_TRUE(post.put_for(1h, 2));
  EXPECT_TRUE(post.put_for(3, std::chrono::hours::max()));
  EXPECT_EQ(post.try_get(), 1);
  EXPECT_EQ(post.get_for(0s), 2);
  EXPECT_EQ(post.get_for(std::chrono::hours::max()), 3);
}

TEST_F(queue_of_items, says_how_many_there_are) {
  ramet::queue<int> post;
  EXPECT_TRUE(post.empty());
  EXPECT_EQ(post.size(), 0U);
  for (int i = 0; i < 10; ++i)
    post.put(i);
  EXPECT_FALSE(post.empty());
  EXPECT_EQ(post.size(), 10U);
  EXPECT_FALSE(post.full()) << "it has no bound";
  post.get();
  EXPECT_EQ(post.size(), 9U);
}

TEST_F(queue_of_items, an_item_refused_by_who_gets_it_is_dropped) {
  ramet::queue<positive> post;
  post.put({-1});
  post.put({1});
  expect_error(errc::protocol, {"positive", "refused"}, [&] { post.get(); });
  EXPECT_EQ(post.size(), 1U);
  EXPECT_EQ(post.get().value, 1);
}

TEST_F(queue_of_items, a_handle_of_another_item_type_is_told_and_takes_none) {
  ramet::queue<int> ints;
  auto strings = ramet::detail::handle_access::adopt<ramet::queue<std::string>>(
      ramet_test::ref_of(ints));
  ints.put(1);
  expect_error(errc::type_mismatch,
               {"queue::get", "expected std::string", "found int"},
               [&] { strings.get(); });
  expect_error(errc::type_mismatch, {"queue::try_get"},
               [&] { strings.try_get(); });
  EXPECT_EQ(ints.get(), 1);
}

TEST_F(queue_of_items, large_and_small_items_keep_their_order) {
  ramet::queue<std::vector<int>> post;
  for (int i = 0; i < 40; ++i)
    post.put(std::vector<int>(i % 2 ? 100'000U : 10U, i));
  for (int i = 0; i < 40; ++i)
    ASSERT_EQ(post.get(), std::vector<int>(i % 2 ? 100'000U : 10U, i));
}

TEST_F(queue_of_items, a_million_wait_for_their_first_consumer) {
  constexpr int many = 1'000'000;
  ramet::queue<int> post;
  for (int i = 0; i < many; ++i)
    post.put(i);
  EXPECT_EQ(post.size(), std::size_t{many});
  for (int i = 0; i < many; ++i)
    ASSERT_EQ(post.get(), i);
  EXPECT_TRUE(post.empty());
  post.put(-1);
  EXPECT_EQ(post.get(), -1);
}

TEST_F(queue_of_items, figures_tell_what_went_through) {
  ramet::queue<std::uint64_t> post;
  for (int i = 0; i < 5; ++i)
    post.put(1);
  post.get();
  post.get();
  post.put(1);
  auto figures = post.stats();
  EXPECT_EQ(figures.messages_put, 6U);
  EXPECT_EQ(figures.messages_taken, 2U);
  EXPECT_EQ(figures.bytes_put, 6 * sizeof(std::uint64_t));
  EXPECT_EQ(figures.peak_depth, 5U);
}

// -- a bound ------------------------------------------------------------------

TEST_F(bounded_queue, takes_no_more_than_its_bound) {
  ramet::queue<int> post{{.maxsize = 3}};
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(post.full());
    EXPECT_TRUE(post.try_put(i));
  }
  EXPECT_TRUE(post.full());
  EXPECT_FALSE(post.try_put(3));
  EXPECT_FALSE(post.put_for(10ms, 3));
  EXPECT_FALSE(post.put_for(3, 10ms));
  EXPECT_EQ(post.size(), 3U);
  EXPECT_EQ(post.get(), 0);
  EXPECT_TRUE(post.try_put(3));
  for (int i = 1; i < 4; ++i)
    EXPECT_EQ(post.get(), i);
}

TEST_F(bounded_queue, holds_as_many_large_items_as_its_bound_says) {
  ramet::queue<std::vector<int>> post{{.maxsize = 300}};
  for (int i = 0; i < 300; ++i) // 1.2 MB, more than one segment
    ASSERT_TRUE(post.try_put(std::vector<int>(1000, i)));
  EXPECT_FALSE(post.try_put({}));
  for (int i = 0; i < 300; ++i)
    ASSERT_EQ(post.get().at(999), i);
}

TEST_F(bounded_queue, makes_who_puts_wait_for_who_gets) {
  ramet::queue<int> post{{.maxsize = 1}};
  post.put(1);
  std::jthread producer{[post]() mutable { post.put(2); }};
  mailbox_view box{post};
  ASSERT_TRUE(eventually([&] { return box.somebody_waits_to_put(); }));
  EXPECT_EQ(post.get(), 1);
  EXPECT_EQ(post.get_for(long_enough), 2);
}

TEST_F(bounded_queue, each_item_taken_lets_one_waiting_producer_go_on) {
  ramet::queue<int> post{{.maxsize = 2}};
  post.put(-1);
  post.put(-1);
  std::vector<std::jthread> producers;
  for (int i = 0; i < 6; ++i)
    producers.emplace_back([post, i]() mutable { post.put(i); });
  std::vector<int> got;
  for (int i = 0; i < 8; ++i) {
    auto item = post.get_for(long_enough);
    ASSERT_TRUE(item);
    got.push_back(*item);
  }
  std::ranges::sort(got);
  EXPECT_EQ(got, (std::vector{-1, -1, 0, 1, 2, 3, 4, 5}));
  producers.clear();
  EXPECT_LE(post.stats().peak_depth, 2U);
}

TEST_F(bounded_queue, the_place_of_a_refused_item_is_free_again) {
  ramet::queue<positive> post{{.maxsize = 1}};
  post.put({-1});
  bool done = false;
  {
    std::jthread producer{
        [&] { done = post.put_for(long_enough, positive{1}); }};
    mailbox_view box{post};
    ASSERT_TRUE(eventually([&] { return box.somebody_waits_to_put(); }));
    expect_error(errc::protocol, {}, [&] { post.get(); });
  }
  EXPECT_TRUE(done);
  EXPECT_EQ(post.get().value, 1);
}

TEST_F(bounded_queue, a_producer_that_fails_gives_its_turn_to_the_next) {
  // The first is woken for the free place and fails to write into it.
  for (int round = 0; round < 20; ++round) {
    ramet::queue<ramet::connection> post{{.maxsize = 1}};
    auto [one, other] = ramet::pipe();
    auto& sent = one;
    post.put(std::move(other));
    mailbox_view box{post};
    ramet::connection gone;
    std::jthread failing{[&] {
      expect_error(errc::closed, {"moved from"},
                   [&] { post.put_for(long_enough, gone); });
    }};
    ASSERT_TRUE(eventually([&] { return box.somebody_waits_to_put(); }));
    bool done = false;
    std::jthread next{[&] { done = post.put_for(long_enough, sent); }};
    post.get();
    next.join();
    ASSERT_TRUE(done);
    post.get(); // should the next one have been the first
    failing.join();
  }
}

// -- the end ------------------------------------------------------------------

TEST_F(closed_queue, is_drained_and_then_says_so) {
  ramet::queue<int> post;
  post.put(1);
  post.put(2);
  post.close();
  EXPECT_TRUE(post.closed());
  EXPECT_EQ(post.get(), 1);
  EXPECT_EQ(post.try_get(), 2);
  expect_error(errc::closed, {"queue::get:", "closed", "taken"},
               [&] { post.get(); });
  expect_error(errc::closed, {"queue::try_get:"}, [&] { post.try_get(); });
  expect_error(errc::closed, {"queue::get_for:"}, [&] { post.get_for(1h); });
}

TEST_F(closed_queue, refuses_new_items_at_once) {
  ramet::queue<int> post;
  post.put(1);
  post.close();
  post.close(); // may be repeated
  expect_error(errc::closed, {"queue::put:", "closed"}, [&] { post.put(2); });
  expect_error(errc::closed, {"queue::try_put:"}, [&] { post.try_put(2); });
  expect_error(errc::closed, {"queue::put_for:"}, [&] { post.put_for(1h, 2); });
  EXPECT_EQ(post.size(), 1U);
}

TEST_F(closed_queue, ends_a_loop_over_it_once_it_is_drained) {
  ramet::queue<int> post;
  for (int i = 0; i < 5; ++i)
    post.put(i);
  std::jthread closer{[post]() mutable {
    post.put(5);
    post.close();
  }};
  std::vector<int> got;
  for (auto& item : post)
    got.push_back(item);
  EXPECT_EQ(got, (std::vector{0, 1, 2, 3, 4, 5}));
}

TEST_F(closed_queue, a_loop_hands_on_all_other_errors) {
  ramet::queue<positive> post;
  post.put({1});
  post.put({-1});
  post.close();
  int seen = 0;
  expect_error(errc::protocol, {"refused"}, [&] {
    for (auto& item : post)
      seen += item.value;
  });
  EXPECT_EQ(seen, 1);
}

TEST_F(closed_queue, wakes_all_who_wait) {
  ramet::queue<int> empty;
  ramet::queue<int> full{{.maxsize = 1}};
  full.put(1);
  std::vector<std::jthread> waiting;
  std::atomic<int> told{0};
  for (int i = 0; i < 3; ++i) {
    waiting.emplace_back([&] {
      expect_error(errc::closed, {"get"}, [&] { empty.get_for(long_enough); });
      ++told;
    });
    waiting.emplace_back([&] {
      expect_error(errc::closed, {"put"},
                   [&] { full.put_for(long_enough, 2); });
      ++told;
    });
  }
  mailbox_view empty_box{empty};
  mailbox_view full_box{full};
  ASSERT_TRUE(eventually([&] {
    return empty_box.somebody_waits_to_take()
           && full_box.somebody_waits_to_put();
  }));
  empty.close();
  full.close();
  waiting.clear();
  EXPECT_EQ(told, 6);
}

// -- task_done and join -------------------------------------------------------

TEST_F(queue_of_tasks, is_done_when_each_item_put_was_reported) {
  ramet::queue<int> tasks;
  EXPECT_TRUE(tasks.try_join()) << "nothing was put";
  tasks.put(1);
  tasks.put(2);
  EXPECT_FALSE(tasks.try_join());
  tasks.get();
  tasks.get();
  EXPECT_FALSE(tasks.try_join()) << "taken, but not done";
  tasks.task_done();
  EXPECT_FALSE(tasks.join_for(10ms));
  tasks.task_done();
  EXPECT_TRUE(tasks.try_join());
  EXPECT_TRUE(tasks.join_for(1h));
  tasks.join();
}

TEST_F(queue_of_tasks, reporting_more_than_was_put_is_an_error) {
  ramet::queue<int> tasks;
  expect_error(errc::protocol, {"task_done", "more often"},
               [&] { tasks.task_done(); });
  tasks.put(1);
  tasks.get();
  tasks.task_done();
  expect_error(errc::protocol, {"task_done", "more often"},
               [&] { tasks.task_done(); });
  EXPECT_TRUE(tasks.try_join());
}

TEST_F(queue_of_tasks, join_waits_for_all_workers) {
  ramet::queue<int> tasks;
  std::atomic<int> sum{0};
  std::vector<std::jthread> workers;
  for (int i = 0; i < 3; ++i)
    workers.emplace_back([&, tasks]() mutable {
      for (auto task : tasks) {
        sum += task;
        tasks.task_done();
      }
    });
  for (int round = 1; round <= 50; ++round) {
    for (int i = 0; i < 20; ++i)
      tasks.put(1);
    ASSERT_TRUE(tasks.join_for(long_enough));
    ASSERT_EQ(sum, round * 20);
  }
  tasks.close();
}

TEST_F(queue_of_tasks, wakes_all_who_join) {
  ramet::queue<int> tasks;
  tasks.put(1);
  std::vector<std::jthread> joiners;
  std::atomic<int> done{0};
  for (int i = 0; i < 3; ++i)
    joiners.emplace_back([&] { done += tasks.join_for(long_enough); });
  mailbox_view box{tasks};
  ASSERT_TRUE(
      eventually([&] { return box.control().all_done.somebody_parked(); }));
  tasks.get();
  tasks.task_done();
  joiners.clear();
  EXPECT_EQ(done, 3);
}

// -- threads ------------------------------------------------------------------

void many_to_many(ramet::queue<stamped> post) {
  constexpr int producers = 3;
  constexpr int consumers = 3;
  constexpr int each = 10'000;
  std::vector<std::vector<stamped>> got(consumers);
  {
    std::vector<std::jthread> consuming;
    for (auto& mine : got)
      consuming.emplace_back([post, &mine]() mutable {
        for (auto& item : post)
          mine.push_back(item);
      });
    {
      std::vector<std::jthread> producing;
      for (int id = 0; id < producers; ++id)
        producing.emplace_back([post, id]() mutable {
          for (int i = 0; i < each; ++i)
            post.put({id, i});
        });
    }
    post.close();
  }
  std::vector<std::vector<int>> of_producer(producers);
  for (auto& mine : got) {
    std::array<int, producers> last{-1, -1, -1};
    for (auto [producer, number] : mine) {
      auto& before = last.at(static_cast<std::size_t>(producer));
      ASSERT_GT(number, before) << "out of order";
      before = number;
      of_producer[static_cast<std::size_t>(producer)].push_back(number);
    }
  }
  std::vector<int> expected(each);
  std::iota(expected.begin(), expected.end(), 0);
  for (auto& numbers : of_producer) {
    std::ranges::sort(numbers);
    EXPECT_TRUE(numbers == expected) << "lost or doubled";
  }
}

TEST_F(queue_between_threads, each_item_arrives_once_and_in_its_order) {
  many_to_many({});
}

TEST_F(queue_between_threads, so_it_does_through_a_queue_of_one_place) {
  many_to_many(ramet::queue<stamped>{{.maxsize = 1}});
}

TEST_F(queue_between_threads, so_it_does_through_a_queue_of_few_places) {
  many_to_many(ramet::queue<stamped>{{.maxsize = 7}});
}

TEST_F(queue_between_threads, an_item_wakes_a_waiting_consumer) {
  ramet::queue<int> post;
  for (int i = 0; i < 100; ++i) {
    std::jthread consumer{[&] { EXPECT_EQ(post.get_for(long_enough), i); }};
    if (i % 2) {
      mailbox_view box{post};
      ASSERT_TRUE(eventually([&] { return box.somebody_waits_to_take(); }));
    }
    post.put(i);
  }
}

TEST_F(queue_between_threads, timed_waits_lose_no_item_and_no_wake) {
  // Consumers whose time runs out just as they are woken.
  constexpr int many = 3'000;
  ramet::queue<int> post;
  std::atomic<int> got{0};
  std::vector<std::jthread> consumers;
  for (int i = 0; i < 3; ++i)
    consumers.emplace_back([&, i] {
      try {
        for (;;)
          got += post.get_for(std::chrono::microseconds{i * 20}).has_value();
      } catch (const ramet::error& e) {
        EXPECT_EQ(e.code(), errc::closed);
      }
    });
  std::jthread patient{[&] {
    for ([[maybe_unused]] auto& item : post)
      ++got;
  }};
  for (int i = 0; i < many; ++i)
    post.put(i);
  post.close();
  consumers.clear();
  patient.join();
  EXPECT_EQ(got, many);
}

} // namespace
