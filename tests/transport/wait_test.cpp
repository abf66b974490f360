// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/pipe.hpp>
#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/wait.hpp>

#include "leak_check.hpp"

#include <atomic>
#include <chrono>
#include <list>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace {

using namespace std::literals;
using ramet::errc;
using ramet_test::expect_error;
using ramet_test::long_enough;

using places = std::vector<std::size_t>;

places places_of(const ramet::ready_set& ready) {
  return {ready.begin(), ready.end()};
}

/// A pipe of the system, as somebody else's descriptor to wait for.
struct system_pipe {
  system_pipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0)
      ADD_FAILURE() << "no pipe";
  }
  ~system_pipe() {
    ::close(ends[0]);
    close_writer();
  }
  void write() { EXPECT_EQ(::write(ends[1], "x", 1), 1); }
  void close_writer() {
    if (ends[1] >= 0)
      ::close(std::exchange(ends[1], -1));
  }
  int reader() const { return ends[0]; }

  int ends[2] = {-1, -1};
};

void wait_for_word(ramet::queue<int> word) {
  word.get();
}

void answer(ramet::connection end) {
  end.send(end.recv<int>() + 1);
}

class waiting_for_several : public ramet_test::leak_check {};
class waiting_with_threads : public ramet_test::leak_check {};
class waiting_for_processes : public testing::Test {};

TEST_F(waiting_for_several, tells_which_are_ready_by_place_and_by_thing) {
  auto [a, b] = ramet::pipe();
  ramet::queue<int> first;
  ramet::queue<int> second;
  second.put(1);
  a.send(1);
  auto ready = ramet::wait(a, first, second, b);
  EXPECT_EQ(places_of(ready), (places{2, 3}));
  EXPECT_EQ(ready.size(), 2U);
  EXPECT_TRUE(ready);
  EXPECT_FALSE(ready[0]);
  EXPECT_TRUE(ready[2]);
  EXPECT_FALSE(ready[9]);
  EXPECT_TRUE(ready.contains(second));
  EXPECT_TRUE(ready.contains(b));
  EXPECT_FALSE(ready.contains(a));
  auto copy = second;
  EXPECT_FALSE(ready.contains(copy)) << "not the object that was given";
}

TEST_F(waiting_for_several, gives_nothing_when_the_time_runs_out) {
  auto [a, b] = ramet::pipe();
  ramet::queue<int> post;
  system_pipe other;
  EXPECT_TRUE(ramet::try_wait(a, post, other.reader()).empty());
  auto start = std::chrono::steady_clock::now();
  auto ready = ramet::wait_for(30ms, a, post, other.reader());
  EXPECT_FALSE(ready);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 30ms);
  EXPECT_TRUE(ramet::wait_for(0s, post).empty());
  EXPECT_TRUE(ramet::wait_for(-1s, post).empty());
  EXPECT_TRUE(ramet::wait_for(1us, post).empty());
}

TEST_F(waiting_for_several, does_not_wait_when_something_is_ready) {
  ramet::queue<int> post;
  post.put(1);
  for (int i = 0; i < 3; ++i) // it is level-triggered
    EXPECT_EQ(places_of(ramet::wait_for(1h, post)), places{0});
  EXPECT_EQ(places_of(ramet::wait_for(std::chrono::hours::max(), post)),
            places{0});
  post.get();
  EXPECT_TRUE(ramet::try_wait(post).empty());
}

TEST_F(waiting_for_several, finds_closed_things_ready) {
  auto [a, b] = ramet::pipe();
  auto [c, d] = ramet::pipe();
  ramet::queue<int> post;
  a.close();
  d = {};
  post.close();
  ramet::connection none;
  EXPECT_EQ(places_of(ramet::wait(a, b, c, post, none)),
            (places{0, 1, 2, 3, 4}));
}

TEST_F(waiting_for_several, takes_ranges_of_things_beside_single_ones) {
  std::vector<ramet::queue<int>> queues(3);
  std::list<ramet::connection> ends;
  std::vector<ramet::connection> others;
  for (int i = 0; i < 3; ++i) {
    auto [one, other] = ramet::pipe();
    ends.push_back(std::move(one));
    others.push_back(std::move(other));
  }
  ramet::queue<int> single;
  others[1].send(1);
  queues[2].put(1);
  single.put(1);
  auto ready = ramet::wait(queues, single, ends);
  EXPECT_EQ(places_of(ready), (places{2, 3, 5}));
  EXPECT_TRUE(ready.contains(queues[2]));
  EXPECT_TRUE(ready.contains(single));
  EXPECT_TRUE(ready.contains(*std::next(ends.begin())));
  EXPECT_FALSE(ready.contains(ends.front()));
  EXPECT_EQ(places_of(ramet::wait(ends)), places{1});
}

TEST_F(waiting_for_several, takes_descriptors_of_others) {
  system_pipe readable;
  system_pipe silent;
  system_pipe ended;
  ramet::queue<int> post;
  readable.write();
  ended.close_writer();
  std::vector<int> range{silent.reader(), readable.reader()};
  auto ready = ramet::wait(silent.reader(), readable.reader(), post,
                           ended.reader(), range);
  EXPECT_EQ(places_of(ready), (places{1, 3, 5}));
  // Beside something of ours that is ready, too.
  post.put(1);
  EXPECT_EQ(places_of(ramet::wait(readable.reader(), post)), (places{0, 1}));
}

TEST_F(waiting_for_several, says_which_descriptor_is_not_open) {
  system_pipe open;
  ramet::queue<int> post;
  post.native_handle(); // else it would get the number that is free here
  int closed = ::dup(open.reader());
  ::close(closed);
  auto number = std::to_string(closed);
  expect_error(errc::os_failure, {"waiting for native handle", number},
               [&] { ramet::wait(post, open.reader(), closed); });
  expect_error(errc::os_failure, {"native handle -1"},
               [&] { ramet::wait(-1, post); });
  expect_error(errc::os_failure, {"native handle -1"},
               [&] { ramet::try_wait(-1); });
}

// -- threads ------------------------------------------------------------------

TEST_F(waiting_with_threads, is_woken_by_whatever_comes_first) {
  auto [a, b] = ramet::pipe();
  ramet::queue<int> first;
  ramet::queue<int> second;
  system_pipe other;
  ramet::queue<int> go;
  std::jthread sender{[&, &a = a] {
    for (int what : go)
      switch (what) {
      case 0:
        a.send(1);
        break;
      case 1:
        first.put(1);
        break;
      case 2:
        second.put(1);
        break;
      default:
        other.write();
      }
  }};
  for (int i = 0; i < 400; ++i) {
    auto expected = static_cast<std::size_t>(i % 4);
    go.put(i % 4);
    auto ready = ramet::wait_for(long_enough, b, first, second, other.reader());
    ASSERT_EQ(places_of(ready), places{expected}) << "in round " << i;
    char byte;
    switch (expected) {
    case 0:
      b.recv<int>();
      break;
    case 1:
      first.get();
      break;
    case 2:
      second.get();
      break;
    default:
      ASSERT_EQ(::read(other.reader(), &byte, 1), 1);
    }
  }
  go.close();
}

TEST_F(waiting_with_threads, is_woken_by_a_close) {
  for (int i = 0; i < 50; ++i) {
    auto [a, b] = ramet::pipe();
    ramet::queue<int> post;
    std::jthread closer{[&, &a = a] {
      if (i % 2)
        a.close();
      else
        post.close();
    }};
    auto ready = ramet::wait_for(long_enough, b, post);
    ASSERT_EQ(places_of(ready), places{i % 2 ? 0U : 1U});
  }
}

TEST_F(waiting_with_threads, several_may_wait_for_one_thing) {
  constexpr int many = 2'000;
  ramet::queue<int> post;
  ramet::queue<int> quit;
  std::atomic<int> got{0};
  {
    std::vector<std::jthread> consumers;
    for (int i = 0; i < 3; ++i)
      consumers.emplace_back([&] {
        for (;;) {
          auto ready = ramet::wait_for(long_enough, post, quit);
          ASSERT_TRUE(ready);
          if (ready.contains(quit) && post.empty())
            return;
          if (post.try_get())
            ++got;
        }
      });
    for (int i = 0; i < many; ++i)
      post.put(i);
    EXPECT_TRUE(ramet_test::eventually([&] { return got == many; }));
    quit.close();
  }
  EXPECT_EQ(got, many);
}

TEST_F(waiting_with_threads, beside_others_who_get_loses_nothing) {
  constexpr int many = 2'000;
  ramet::queue<int> post;
  std::atomic<int> got{0};
  {
    std::jthread waiter{[&] {
      try {
        for (;;) {
          ASSERT_TRUE(ramet::wait_for(long_enough, post));
          got += post.try_get().has_value();
        }
      } catch (const ramet::error& e) {
        EXPECT_EQ(e.code(), errc::closed);
      }
    }};
    std::jthread getter{[&] {
      for ([[maybe_unused]] auto& item : post)
        ++got;
    }};
    for (int i = 0; i < many; ++i)
      post.put(i);
    post.close();
  }
  EXPECT_EQ(got, many);
}

// -- processes ----------------------------------------------------------------

TEST_F(waiting_for_processes, a_process_is_ready_when_it_has_ended) {
  ramet::queue<int> word;
  ramet::queue<int> silent;
  ramet::process child{wait_for_word, word};
  EXPECT_TRUE(ramet::try_wait(child, silent).empty());
  word.put(1);
  auto ready = ramet::wait_for(long_enough, silent, child);
  EXPECT_EQ(places_of(ready), places{1});
  EXPECT_TRUE(ready.contains(child));
  child.join();
  EXPECT_TRUE(ramet::try_wait(child).contains(child));
}

TEST_F(waiting_for_processes, messages_of_a_child_come_before_its_end) {
  auto [mine, its] = ramet::pipe();
  ramet::process child{answer, std::move(its)};
  EXPECT_TRUE(ramet::try_wait(mine).empty());
  mine.send(41);
  ASSERT_TRUE(ramet::wait_for(long_enough, mine).contains(mine));
  EXPECT_EQ(mine.recv<int>(), 42);
  // Its end is told by both.
  ASSERT_TRUE(ramet::wait_for(long_enough, mine));
  child.join();
  EXPECT_EQ(places_of(ramet::wait_for(long_enough, child, mine)),
            (places{0, 1}));
}

TEST_F(waiting_for_processes, a_range_of_them_tells_the_first_that_ended) {
  std::vector<ramet::queue<int>> words(3);
  std::vector<ramet::process> children;
  for (auto& word : words)
    children.emplace_back(wait_for_word, word);
  words[1].put(1);
  EXPECT_EQ(places_of(ramet::wait_for(long_enough, children)), places{1});
  words[0].put(1);
  words[2].put(1);
  for (auto& child : children)
    child.join();
}

TEST_F(waiting_for_processes, a_process_moved_from_cannot_be_waited_for) {
  ramet::queue<int> word;
  ramet::process child{wait_for_word, word};
  auto moved = std::move(child);
  expect_error(errc::closed, {}, [&] { ramet::wait(child); });
  word.put(1);
  moved.join();
}

} // namespace
