// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Descriptors between processes.

#include "detached_keeper.hpp"
#include "leak_check.hpp"
#include "open_pipe.hpp"
#include "process_fixture.hpp"
#include "room_for.hpp"
#include "sanitizer.hpp"

#include <ramet/async.hpp>
#include <ramet/event.hpp>
#include <ramet/handle.hpp>
#include <ramet/pipe.hpp>
#include <ramet/pool.hpp>
#include <ramet/queue.hpp>
#include <ramet/wait.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ramet::test {
namespace {

using ramet_test::open_pipe;
using ramet_test::read_some;

using handle_passing_test = process_fixture;
void say(const handle& where, const std::string& text) {
  [[maybe_unused]] auto size =
      ::write(where.native_handle(), text.data(), text.size());
}

void answer(handle writer, std::string text) {
  say(writer, text);
}

TEST_F(handle_passing_test, passes_a_start_argument) {
  open_pipe ends;
  process child{answer, handle::adopt(ends.take_writer()), "from a child"};
  EXPECT_EQ(read_some(ends.reader()), "from a child");
  child.join();
  EXPECT_TRUE(eventually([&] { return !ends.has_writer(); }));
}

TEST_F(handle_passing_test, passes_a_connected_socket_to_a_child_and_back) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  auto here = handle::adopt(ends[0]);
  auto [mine, yours] = pipe();
  process child{[](connection parent) {
                  auto socket = parent.recv<handle>();
                  say(socket, "served");
                  parent.send(socket);
                },
                std::move(yours)};
  mine.send(handle::adopt(ends[1]));
  EXPECT_EQ(read_some(here.native_handle()), "served");
  auto back = mine.recv<handle>();
  child.join();
  say(back, "again");
  EXPECT_EQ(read_some(here.native_handle()), "again");
}

void put_and_end(handles post, unsigned value) {
  post.put(with_value(value));
}

TEST_F(handle_passing_test, delivers_what_a_process_sent_that_has_ended) {
  handles post;
  process{put_and_end, post, 41U}.join();
  EXPECT_EQ(value_of(post.get()), 41U);
}

void put_and_be_killed(handles post) {
  post.put(with_value(42));
  ::kill(::getpid(), SIGKILL);
}

TEST_F(handle_passing_test, delivers_what_a_process_sent_that_was_killed) {
  handles post;
  process child{put_and_be_killed, post};
  child.join();
  EXPECT_EQ(child.status()->signal, SIGKILL);
  EXPECT_EQ(value_of(post.get()), 42U);
}

TEST_F(handle_passing_test,
       delivers_what_a_grandchild_sent_when_both_are_gone) {
  handles post;
  process child{[](handles to) {
                  process{put_and_be_killed, to}.join();
                  ::kill(::getpid(), SIGKILL);
                },
                post};
  child.join();
  EXPECT_EQ(value_of(post.get()), 42U);
}

TEST_F(handle_passing_test, passes_between_children_without_the_parents_help) {
  handles post;
  queue<eventfd_t> seen;
  process reader{[](handles from, queue<eventfd_t> to) {
                   for (auto& one : from)
                     to.put(value_of(one));
                 },
                 post, seen};
  process writer{[](handles to) {
                   for (unsigned i = 1; i <= 100; ++i)
                     to.put(with_value(i));
                 },
                 post};
  writer.join();
  post.close();
  reader.join();
  for (unsigned i = 1; i <= 100; ++i)
    EXPECT_EQ(seen.get(), i);
}

TEST_F(handle_passing_test, passes_more_in_one_message_than_the_kernel_does) {
  queue<std::vector<handle>> post;
  process child{[](queue<std::vector<handle>> to) {
                  std::vector<handle> many;
                  for (unsigned i = 1; i <= 300; ++i)
                    many.push_back(with_value(i));
                  to.put(many);
                },
                post};
  child.join();
  auto many = post.get();
  ASSERT_EQ(many.size(), 300U);
  for (unsigned i = 0; i < 300; ++i)
    EXPECT_EQ(value_of(many[i]), i + 1);
  post.put(many);
  many.clear();
  queue<eventfd_t> count;
  process{[](queue<std::vector<handle>> from, queue<eventfd_t> to) {
            to.put(from.get().size());
          },
          post, count}
      .join();
  EXPECT_EQ(count.get(), 300U);
}

TEST_F(handle_passing_test, takes_from_a_pool_and_gives_to_one) {
  std::vector<handle> inputs;
  for (unsigned i = 1; i <= 20; ++i)
    inputs.push_back(with_value(i));
  pool workers{2};
  auto results = workers.map(
      [](const handle& one) {
        return with_value(static_cast<unsigned>(2 * value_of(one)));
      },
      inputs);
  for (unsigned i = 0; i < 20; ++i)
    EXPECT_EQ(value_of(results.at(i)), 2 * (i + 1));
}

// The process of an async ends a little after its result is there.
bool all_have_ended() {
  return eventually([] { return ::waitpid(-1, nullptr, WNOHANG) == -1; });
}

TEST_F(handle_passing_test, is_the_result_of_async) {
  EXPECT_EQ(value_of(async([] { return with_value(7); }).get()), 7U);
  EXPECT_TRUE(all_have_ended());
}

// Gets where no descriptor more may be opened.
std::string get_without_room(handles from) {
  from.put(from.get()); // there is a line to the keeper, from now on
  ramet_test::room_for none{0};
  std::string result = "received";
  try {
    from.get();
  } catch (const error& e) {
    result = e.code() == errc::resource_exhausted ? "no room" : e.what();
  }
  return result;
}

TEST_F(handle_passing_test, leaves_it_to_others_when_a_process_has_no_room) {
  RAMET_SKIP_WITH_SANITIZER("descriptors");
  handles post;
  post.put(with_value(5));
  EXPECT_EQ(async(get_without_room, post).get(), "no room");
  EXPECT_EQ(value_of(post.get()), 5U);
  EXPECT_TRUE(all_have_ended());
}

// One that has not dealt with the keeper before.
std::string pass_both_ways(event go, handles to, handles from) {
  go.wait();
  std::string result;
  try {
    to.put(with_value(7));
  } catch (const error& e) {
    result = e.code() == errc::resource_exhausted ? "no room" : e.what();
  }
  from.get();
  from.get(); // the keeper has ended the line of the one before
  return result + ", received";
}

TEST_F(handle_passing_test, lets_nobody_wait_for_a_keeper_without_room) {
  RAMET_SKIP_WITH_SANITIZER("descriptors");
  handles to;
  handles from;
  event at_work;
  event go;
  event over;
  from.put(with_value(5));
  from.put(with_value(6));
  process other{[](handles all, event at_work, event over) {
                  all.put(all.get());
                  at_work.set();
                  over.wait(); // its end would make room
                },
                from, at_work, over};
  at_work.wait();
  auto outcome = async(pass_both_ways, go, to, from);
  {
    ramet_test::room_for none{0};
    go.set();
    EXPECT_EQ(outcome.get(), "no room, received");
  }
  over.set();
  other.join();
  EXPECT_FALSE(to.try_get());
  EXPECT_TRUE(all_have_ended());
}

TEST_F(handle_passing_test, has_a_thread_that_forks_are_refused_for) {
  handles post;
  post.put(with_value(5));
  process child{[](handles from) { from.get(); }, post};
  child.join(); // it asked that thread
  ramet_test::expect_error(errc::protocol, {"'ramet-handles'"}, [] {
    process{{.start = start_method::fork}, do_nothing};
  });
}

TEST_F(handle_passing_test, is_closed_when_the_last_receiver_closes_it) {
  open_pipe ends;
  handles post;
  queue<int> go;
  process child{[](handles from, queue<int> wait_for) {
                  auto got = from.get();
                  wait_for.get();
                  got.close();
                  wait_for.get();
                },
                post, go};
  post.put(handle::adopt(ends.take_writer()));
  EXPECT_TRUE(eventually([&] { return post.empty(); }));
  EXPECT_TRUE(ends.has_writer());
  go.put(1);
  EXPECT_TRUE(eventually([&] { return !ends.has_writer(); }));
  go.put(2);
  child.join();
}

TEST_F(handle_passing_test, of_a_detached_process_is_kept_by_that) {
  expect_kept_by_detached(start_method::spawn);
}

TEST_F(handle_passing_test, of_a_detached_process_by_forkserver_too) {
  expect_kept_by_detached(start_method::forkserver);
}

TEST_F(handle_passing_test, says_so_when_the_process_that_kept_it_is_gone) {
  handles post;
  queue<int> go;
  process child{[](handles to, queue<int> wait_for) {
                  wait_for.get();
                  put_and_be_killed(to);
                },
                post, go};
  auto waited = handle::duplicate(child.sentinel());
  child.detach();
  go.put(1);
  ramet::wait(waited);
  try {
    post.get();
    ADD_FAILURE() << "received";
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::closed);
    EXPECT_NE(std::string{e.what()}.find("has ended"), std::string::npos)
        << e.what();
  }
}

// In a process of its own, as here others have been passed already.
TEST_F(handle_passing_test, needs_no_thread_before_the_first_is_passed) {
  handles post;
  queue<int> go;
  queue<std::size_t> threads;
  process child{[](handles to, queue<int> wait_for, queue<std::size_t> tell) {
                  wait_for.get();
                  process{do_nothing}.join();
                  tell.put(count_files("/proc/self/task"));
                  process{put_and_end, to, 1U}.join();
                  tell.put(count_files("/proc/self/task"));
                  wait_for.get();
                },
                post, go, threads};
  auto waited = handle::duplicate(child.sentinel());
  child.detach();
  go.put(1);
  auto before = threads.get();
  EXPECT_EQ(threads.get(), before + 1);
  EXPECT_EQ(value_of(post.get()), 1U);
  go.put(2);
  ramet::wait(waited);
}

} // namespace
} // namespace ramet::test
