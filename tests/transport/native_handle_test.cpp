// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Queues and connections in the event loops of others.

#include <ramet/detail/mailbox.hpp>
#include <ramet/pipe.hpp>
#include <ramet/process.hpp>
#include <ramet/queue.hpp>

#include "leak_check.hpp"
#include "shared_memory_view.hpp"

#include <algorithm>
#include <latch>
#include <optional>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace std::literals;
using ramet::errc;
using ramet_test::expect_error;
using ramet_test::long_enough;

bool readable(int fd, std::chrono::milliseconds time = 0ms) {
  pollfd polled{fd, POLLIN, 0};
  auto count = ::poll(&polled, 1, static_cast<int>(time.count()));
  EXPECT_GE(count, 0);
  EXPECT_EQ(polled.revents & ~POLLIN, 0) << "neither an error nor a hang-up";
  return count == 1;
}

struct epoll_set {
  epoll_set() : fd(::epoll_create1(EPOLL_CLOEXEC)) {}
  ~epoll_set() { ::close(fd); }
  void add(int what) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = what;
    EXPECT_EQ(::epoll_ctl(fd, EPOLL_CTL_ADD, what, &event), 0);
  }
  /// Those that are readable, ascending.
  std::vector<int> look(std::chrono::milliseconds time = 0ms) {
    epoll_event events[16];
    auto count = ::epoll_wait(fd, events, 16, static_cast<int>(time.count()));
    EXPECT_GE(count, 0);
    std::vector<int> result;
    for (int i = 0; i < count; ++i)
      result.push_back(events[i].data.fd);
    std::ranges::sort(result);
    return result;
  }

  int fd;
};

void take_one(ramet::queue<int> post, ramet::queue<int> done) {
  done.put(post.get());
}

/// Says 0 when it is about to poll, and 1 when it was rung.
void poll_and_tell(ramet::queue<int> post, ramet::queue<int> told) {
  auto fd = post.native_handle();
  told.put(readable(fd) ? -1 : 0);
  told.put(readable(fd, long_enough) ? 1 : -1);
}

/// Puts into queue after queue until it is told to stop, and lends each out.
void lend_and_put(ramet::queue<ramet::queue<int>> lent,
                  ramet::queue<int> stop) {
  while (!stop.closed()) {
    ramet::queue<int> post;
    lent.put(post);
    for (int i = 0; i < 100; ++i)
      post.put(i);
  }
}

class native_handle_of_a_mailbox : public ramet_test::leak_check {};
class native_handle_beside_processes : public testing::Test {};

TEST_F(native_handle_of_a_mailbox, is_readable_while_there_is_a_message) {
  ramet::queue<int> post;
  auto fd = post.native_handle();
  EXPECT_FALSE(readable(fd));
  for (int round = 0; round < 3; ++round) {
    post.put(1);
    post.put(2);
    EXPECT_TRUE(readable(fd));
    EXPECT_TRUE(readable(fd)) << "polling takes nothing away";
    EXPECT_EQ(post.get(), 1);
    EXPECT_TRUE(readable(fd)) << "one is left";
    EXPECT_EQ(post.get(), 2);
    EXPECT_FALSE(readable(fd));
  }
}

TEST_F(native_handle_of_a_mailbox, of_a_connection_works_at_both_ends) {
  auto [a, b] = ramet::pipe();
  auto fd_a = a.native_handle();
  auto fd_b = b.native_handle();
  a.send(1);
  EXPECT_FALSE(readable(fd_a));
  EXPECT_TRUE(readable(fd_b));
  b.recv<int>();
  b.send(2);
  EXPECT_TRUE(readable(fd_a));
  EXPECT_FALSE(readable(fd_b));
  a.receive([](int) {});
  EXPECT_FALSE(readable(fd_a));
}

TEST_F(native_handle_of_a_mailbox, is_made_once) {
  auto before = ramet_test::open_descriptors();
  ramet::queue<int> post;
  auto copy = post;
  EXPECT_EQ(ramet_test::open_descriptors(), before);
  auto fd = post.native_handle();
  EXPECT_EQ(post.native_handle(), fd);
  EXPECT_EQ(copy.native_handle(), fd);
  EXPECT_EQ(ramet_test::open_descriptors(), before + 1);
}

TEST_F(native_handle_of_a_mailbox, says_nothing_while_it_is_not_wanted) {
  ramet::queue<int> post;
  auto box = ramet::detail::mailbox::open(ramet_test::ref_of(post));
  auto fd = box.native_handle();
  box.stop_ringing();
  post.put(1);
  EXPECT_FALSE(readable(fd));
  EXPECT_EQ(post.get(), 1);
  EXPECT_FALSE(post.try_get());
  post.put(2);
  EXPECT_FALSE(readable(fd));
  EXPECT_EQ(post.native_handle(), fd);
  EXPECT_TRUE(readable(fd));
}

TEST_F(native_handle_of_a_mailbox, is_readable_for_what_was_there_before) {
  ramet::queue<int> post;
  post.put(1);
  EXPECT_TRUE(readable(post.native_handle()));
}

TEST_F(native_handle_of_a_mailbox, stays_readable_once_it_is_closed) {
  ramet::queue<int> post;
  auto fd = post.native_handle();
  post.put(1);
  post.close();
  EXPECT_TRUE(readable(fd));
  post.get();
  EXPECT_TRUE(readable(fd));
  expect_error(errc::closed, {}, [&] { post.try_get(); });
  EXPECT_TRUE(readable(fd));
}

TEST_F(native_handle_of_a_mailbox, becomes_readable_when_the_other_end_goes) {
  auto [a, b] = ramet::pipe();
  auto fd = b.native_handle();
  a = {};
  EXPECT_TRUE(readable(fd));
  b.close();
  auto& end = b;
  expect_error(errc::closed, {"native handle", "closed before"},
               [&] { end.native_handle(); });
}

TEST_F(native_handle_of_a_mailbox, a_message_that_stays_keeps_it_readable) {
  auto [a, b] = ramet::pipe();
  auto& end = b;
  auto fd = end.native_handle();
  a.send("text");
  expect_error(errc::type_mismatch, {}, [&] { end.recv<int>(); });
  EXPECT_TRUE(end.poll());
  EXPECT_TRUE(readable(fd));
  end.recv<std::string>();
  EXPECT_FALSE(readable(fd));
}

TEST_F(native_handle_of_a_mailbox, works_with_epoll) {
  epoll_set loop;
  auto [a, b] = ramet::pipe();
  ramet::queue<int> post;
  auto end = b.native_handle();
  auto queue = post.native_handle();
  loop.add(end);
  loop.add(queue);
  EXPECT_TRUE(loop.look().empty());
  a.send(1);
  EXPECT_EQ(loop.look(), std::vector{end});
  post.put(1);
  auto both = std::vector{end, queue};
  std::ranges::sort(both);
  EXPECT_EQ(loop.look(), both);
  EXPECT_EQ(loop.look(), both) << "it is level-triggered";
  b.recv<int>();
  EXPECT_EQ(loop.look(), std::vector{queue});
  post.get();
  EXPECT_TRUE(loop.look().empty());
}

// The handle that goes must not take the bell of the one that comes along.
TEST_F(native_handle_of_a_mailbox, survives_that_an_older_handle_is_let_go) {
  for (int round = 0; round < 500; ++round) {
    ramet::queue<ramet::queue<int>> box;
    std::optional<ramet::queue<int>> older{std::in_place};
    older->native_handle();
    box.put(*older);
    std::latch together{2};
    std::jthread dropper{[&] {
      together.arrive_and_wait();
      older.reset();
    }};
    together.arrive_and_wait();
    auto newer = box.get();
    auto fd = newer.native_handle();
    dropper.join();
    newer.put(1);
    ASSERT_TRUE(readable(fd)) << "in round " << round;
  }
}

TEST_F(native_handle_of_a_mailbox, wakes_an_event_loop_for_every_message) {
  ramet::queue<int> post;
  auto fd = post.native_handle();
  ramet::queue<int> next;
  std::jthread producer{[&] {
    for (auto number : next)
      post.put(number);
  }};
  for (int i = 0; i < 500; ++i) {
    next.put(i);
    ASSERT_TRUE(readable(fd, long_enough)) << "before message " << i;
    ASSERT_EQ(post.try_get(), i);
    ASSERT_EQ(post.try_get(), std::nullopt);
  }
  next.close();
}

TEST_F(native_handle_of_a_mailbox, loses_no_message_of_busy_producers) {
  constexpr int each = 5'000;
  ramet::queue<int> post;
  auto fd = post.native_handle();
  std::vector<std::jthread> producers;
  for (int i = 0; i < 2; ++i)
    producers.emplace_back([&] {
      for (int n = 0; n < each; ++n)
        post.put(n);
    });
  for (int got = 0; got < 2 * each;) {
    ASSERT_TRUE(readable(fd, long_enough)) << "after " << got << " messages";
    while (post.try_get())
      ++got;
  }
  EXPECT_FALSE(readable(fd));
}

TEST_F(native_handle_of_a_mailbox, costs_a_descriptor_only_when_asked_for) {
  constexpr std::size_t many = 10'000;
  auto before = ramet_test::open_descriptors();
  rlimit old_limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old_limit), 0);
  auto limit = old_limit;
  limit.rlim_cur = before + 20;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  {
    std::vector<std::pair<ramet::connection, ramet::connection>> pipes;
    pipes.reserve(many);
    for (std::size_t i = 0; i < many; ++i)
      pipes.push_back(ramet::pipe());
    EXPECT_EQ(ramet_test::open_descriptors(), before);
    for (std::size_t i = 0; i < many; i += 997) {
      pipes[i].first.send(i);
      EXPECT_EQ(pipes[i].second.recv<std::size_t>(), i);
    }
    pipes[5].first.native_handle();
    EXPECT_EQ(ramet_test::open_descriptors(), before + 1);
  }
  ::setrlimit(RLIMIT_NOFILE, &old_limit);
}

// -- several consumers --------------------------------------------------------

TEST_F(native_handle_of_a_mailbox, goes_silent_when_another_thread_took_it) {
  ramet::queue<int> post;
  auto fd = post.native_handle();
  post.put(1);
  EXPECT_TRUE(readable(fd));
  std::thread{[&] { post.get(); }}.join();
  EXPECT_FALSE(readable(fd));
}

// The child's taking does not silence the parent's bell; looking does.
TEST_F(native_handle_beside_processes, goes_silent_after_a_look_at_nothing) {
  ramet::queue<int> post;
  ramet::queue<int> done;
  auto fd = post.native_handle();
  for (bool waits : {false, true}) {
    ramet::process child{take_one, post, done};
    post.put(1);
    ASSERT_EQ(done.get_for(long_enough), 1);
    EXPECT_EQ(waits ? post.get_for(1ms) : post.try_get(), std::nullopt);
    EXPECT_FALSE(readable(fd));
    post.put(2);
    EXPECT_TRUE(readable(fd));
    EXPECT_EQ(post.get(), 2);
    child.join();
  }
}

// Who rings a bell meets its owner at any moment of letting go of it.
TEST_F(native_handle_beside_processes, goes_without_harm_to_who_rings) {
  ramet::queue<ramet::queue<int>> lent{{.maxsize = 4}};
  ramet::queue<int> stop;
  ramet::process child{lend_and_put, lent, stop};
  for (int round = 0; round < 10'000 && child.running(); ++round)
    if (auto post = lent.get_for(1s))
      post->native_handle();
  stop.close();
  while (!child.join_for(1ms))
    lent.try_get(); // it may be waiting for room
  EXPECT_TRUE(child.status()->success()) << to_string(*child.status());
}

TEST_F(native_handle_beside_processes, is_rung_by_who_has_no_descriptor_left) {
  ramet::queue<int> post;
  ramet::queue<int> told;
  post.put(0); // has its memory from now on
  post.get();
  ramet::process child{poll_and_tell, post, told};
  ASSERT_EQ(told.get_for(long_enough), 0);
  rlimit old_limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old_limit), 0);
  auto limit = old_limit;
  limit.rlim_cur = ramet_test::open_descriptors() + 20;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  std::vector<int> all;
  for (int fd; (fd = ::dup(0)) >= 0;)
    all.push_back(fd);
  post.put(1);
  EXPECT_EQ(told.get_for(long_enough), 1);
  for (int fd : all)
    ::close(fd);
  EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_LT(limit.rlim_cur, old_limit.rlim_cur) << "it stays as it was set";
  ::setrlimit(RLIMIT_NOFILE, &old_limit);
  child.join();
}

TEST_F(native_handle_beside_processes, rings_in_every_process_that_polls) {
  ramet::queue<int> post;
  ramet::queue<int> told;
  auto fd = post.native_handle();
  std::vector<ramet::process> children;
  for (int i = 0; i < 2; ++i)
    children.emplace_back(poll_and_tell, post, told);
  for (int i = 0; i < 2; ++i)
    ASSERT_EQ(told.get_for(long_enough), 0);
  post.put(1);
  EXPECT_TRUE(readable(fd));
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(told.get_for(long_enough), 1);
  for (auto& child : children)
    child.join();
}

} // namespace
