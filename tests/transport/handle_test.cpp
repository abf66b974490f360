// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Descriptors in messages, within one process, which is its own keeper.

#include <ramet/handle.hpp>
#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>
#include <ramet/wait.hpp>

#include "leak_check.hpp"
#include "open_pipe.hpp"
#include "room_for.hpp"
#include "sanitizer.hpp"

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace std::literals;
using ramet::errc;
using ramet::handle;
using ramet_test::expect_error;
using ramet_test::is_open;
using ramet_test::open_descriptors;
using ramet_test::open_pipe;
using ramet_test::room_for;

using handle_test = ramet_test::leak_check;

bool same_file(int a, int b) {
  struct stat first {};
  struct stat second {};
  return ::fstat(a, &first) == 0 && ::fstat(b, &second) == 0
         && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

TEST_F(handle_test, holds_nothing_until_it_is_given_something) {
  handle none;
  EXPECT_FALSE(none);
  expect_error(errc::closed, {"native_handle()", "holds no descriptor"},
               [&] { none.native_handle(); });
  expect_error(errc::closed, {"release()"}, [&] { none.release(); });
  none.close();
}

TEST_F(handle_test, closes_what_it_took_over_with_its_last_copy) {
  open_pipe ends;
  int fd = ends.take_reader();
  std::optional<handle> first{handle::adopt(fd)};
  std::optional<handle> second{first};
  first.reset();
  EXPECT_TRUE(is_open(fd));
  EXPECT_EQ(second->native_handle(), fd);
  second.reset();
  EXPECT_FALSE(is_open(fd));
}

TEST_F(handle_test, duplicates_what_stays_the_callers) {
  open_pipe ends;
  {
    auto mine = handle::duplicate(ends.reader());
    EXPECT_NE(mine.native_handle(), ends.reader());
    EXPECT_TRUE(same_file(mine.native_handle(), ends.reader()));
    EXPECT_TRUE(::fcntl(mine.native_handle(), F_GETFD) & FD_CLOEXEC);
  }
  EXPECT_TRUE(is_open(ends.reader()));
}

TEST_F(handle_test, refuses_a_descriptor_that_is_not_open) {
  int fd = ::dup(0);
  ::close(fd);
  expect_error(errc::os_failure, {"taking over descriptor"},
               [&] { handle::adopt(fd); });
  expect_error(errc::os_failure, {"duplicating descriptor -1"},
               [&] { handle::duplicate(-1); });
}

TEST_F(handle_test, gives_its_descriptor_away_and_holds_nothing_then) {
  open_pipe ends;
  int fd = ends.take_reader();
  auto first = handle::adopt(fd);
  auto second = first;
  EXPECT_EQ(first.release(), fd);
  EXPECT_FALSE(second);
  EXPECT_TRUE(is_open(fd));
  ::close(fd);
}

TEST_F(handle_test, closes_for_all_copies) {
  open_pipe ends;
  auto first = handle::adopt(ends.take_reader());
  auto second = first;
  first.close();
  first.close();
  EXPECT_FALSE(second);
}

TEST_F(handle_test, travels_through_a_queue) {
  open_pipe ends;
  ramet::queue<handle> post;
  post.put(handle::adopt(ends.take_reader()));
  auto got = post.get();
  EXPECT_TRUE(::fcntl(got.native_handle(), F_GETFD) & FD_CLOEXEC);
  ends.write("hello");
  EXPECT_EQ(ramet_test::read_some(got.native_handle()), "hello");
}

TEST_F(handle_test, travels_beside_other_values_in_a_pipe) {
  auto [here, there] = ramet::pipe();
  open_pipe ends;
  here.send("name"s, std::vector{handle::adopt(ends.take_reader())}, 7);
  auto [name, handles, number] =
      there.recv<std::string, std::vector<handle>, int>();
  EXPECT_EQ(name, "name");
  EXPECT_EQ(number, 7);
  ends.write("x");
  EXPECT_EQ(ramet_test::read_some(handles.at(0).native_handle()), "x");
}

TEST_F(handle_test, of_every_kind_travels) {
  ramet::queue<handle> post;
  for (int fd :
       {::eventfd(0, EFD_CLOEXEC), ::memfd_create("m", MFD_CLOEXEC),
        ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC),
        ::open("/", O_PATH | O_CLOEXEC), ::fcntl(0, F_DUPFD_CLOEXEC, 600)}) {
    auto given = handle::adopt(fd);
    post.put(given);
    auto got = post.get();
    EXPECT_NE(got.native_handle(), fd);
    EXPECT_TRUE(same_file(got.native_handle(), fd));
  }
}

TEST_F(handle_test, is_seen_closed_when_sender_and_receiver_have_closed_it) {
  open_pipe ends;
  ramet::queue<handle> post;
  auto given = handle::adopt(ends.take_reader());
  post.put(given);
  post.put(given);
  auto first = post.get();
  auto second = post.get();
  first.close();
  second.close();
  EXPECT_TRUE(ends.has_reader());
  given.close();
  EXPECT_FALSE(ends.has_reader());
}

TEST_F(handle_test, stays_open_in_an_unread_message_and_not_longer) {
  open_pipe ends;
  {
    ramet::queue<handle> post;
    auto given = handle::adopt(ends.take_reader());
    post.put(given);
    given.close();
    EXPECT_TRUE(ends.has_reader());
  }
  EXPECT_FALSE(ends.has_reader());
}

TEST_F(handle_test, in_an_unread_large_message_goes_with_it) {
  open_pipe ends;
  {
    ramet::queue<std::pair<std::string, handle>> post;
    post.put({std::string(1 << 20, 'x'), handle::adopt(ends.take_reader())});
    EXPECT_TRUE(ends.has_reader());
  }
  EXPECT_FALSE(ends.has_reader());
}

TEST_F(handle_test, in_a_closed_queue_can_still_be_taken) {
  open_pipe ends;
  ramet::queue<handle> post;
  post.put(handle::adopt(ends.take_reader()));
  post.close();
  auto late = handle::adopt(::dup(0));
  expect_error(errc::closed, {"put"}, [&] { post.put(late); });
  for (auto& one : post) {
    ends.write("y");
    EXPECT_EQ(ramet_test::read_some(one.native_handle()), "y");
  }
}

TEST_F(handle_test, can_be_sent_on_and_put_back) {
  open_pipe ends;
  ramet::queue<handle> post;
  post.put(handle::adopt(ends.take_reader()));
  for (int i = 0; i < 5; ++i)
    post.put(post.get());
  ends.write("z");
  EXPECT_EQ(ramet_test::read_some(post.get().native_handle()), "z");
}

TEST_F(handle_test, released_after_it_was_sent_arrives) {
  open_pipe ends;
  ramet::queue<handle> post;
  auto given = handle::adopt(ends.take_reader());
  post.put(given);
  ::close(given.release());
  ends.write("r");
  EXPECT_EQ(ramet_test::read_some(post.get().native_handle()), "r");
}

TEST_F(handle_test, that_is_empty_is_not_sent) {
  ramet::queue<std::vector<handle>> post;
  auto good = handle::adopt(::dup(0));
  expect_error(errc::closed, {"sending", "holds no descriptor"}, [&] {
    post.put({good, handle{}});
  });
  EXPECT_TRUE(post.empty());
  ramet::queue<std::optional<handle>> perhaps;
  perhaps.put(std::nullopt);
  EXPECT_FALSE(perhaps.get());
}

TEST_F(handle_test, whose_descriptor_was_closed_behind_its_back_is_not_sent) {
  ramet::queue<handle> post;
  int fd = ::dup(0);
  auto stale = handle::adopt(fd);
  ::close(fd);
  expect_error(errc::os_failure, {"sending descriptor", "Bad file"},
               [&] { post.put(stale); });
  EXPECT_TRUE(post.empty());
  ASSERT_EQ(::dup2(0, fd), fd); // so that there is something to close
}

TEST_F(handle_test, a_thousand_travel_in_one_message) {
  constexpr std::size_t many = 1000;
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  if (before.rlim_max < 4 * many)
    GTEST_SKIP() << "the hard limit of open files is " << before.rlim_max;
  auto raised = before;
  raised.rlim_cur = raised.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &raised);
  {
    ramet::queue<std::vector<handle>> post;
    std::vector<int> fds;
    {
      std::vector<handle> given;
      for (std::size_t i = 0; i < many; ++i) {
        fds.push_back(::eventfd(static_cast<unsigned>(i + 1), EFD_CLOEXEC));
        given.push_back(handle::adopt(fds.back()));
      }
      post.put(given);
    }
    auto got = post.get();
    ASSERT_EQ(got.size(), many);
    for (std::size_t i = 0; i < many; ++i) {
      eventfd_t value = 0;
      ASSERT_EQ(::eventfd_read(got[i].native_handle(), &value), 0);
      ASSERT_EQ(value, i + 1) << "in another order";
    }
  }
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(handle_test, for_which_the_sender_has_no_room_is_not_sent) {
  RAMET_SKIP_WITH_SANITIZER("descriptors");
  ramet::queue<std::vector<handle>> post;
  std::vector<handle> given;
  for (int i = 0; i < 8; ++i)
    given.push_back(handle::adopt(::dup(0)));
  {
    room_for tight{6}; // files are made with one, too
    expect_error(errc::resource_exhausted, {"Too many open", "ulimit -n"},
                 [&] { post.put(given); });
  }
  EXPECT_TRUE(post.empty());
  post.put(given);
  EXPECT_EQ(post.get().size(), 8U);
}

TEST_F(handle_test, for_which_there_is_no_room_stays_in_the_queue) {
  RAMET_SKIP_WITH_SANITIZER("descriptors");
  ramet::queue<std::vector<handle>> post;
  std::vector<handle> given;
  for (int i = 0; i < 8; ++i)
    given.push_back(handle::adopt(::dup(0)));
  post.put(given);
  auto before = open_descriptors();
  for (int i = 0; i < 2; ++i) {
    room_for tight{6};
    expect_error(errc::resource_exhausted,
                 {"receiving 8 descriptors", "ulimit -n"}, [&] { post.get(); });
  }
  EXPECT_EQ(open_descriptors(), before);
  ASSERT_EQ(post.size(), 1U);
  EXPECT_EQ(post.get().size(), 8U);
}

TEST_F(handle_test, with_a_pipes_end_for_which_there_is_no_room_keeps_both) {
  RAMET_SKIP_WITH_SANITIZER("descriptors");
  auto [here, there] = ramet::pipe();
  ramet::queue<std::pair<ramet::connection, handle>> post;
  post.put({std::move(there), handle::adopt(::dup(0))});
  {
    room_for tight{0};
    expect_error(errc::resource_exhausted, {"receiving 1 descriptors"},
                 [&] { post.get(); });
  }
  auto [end, descriptor] = post.get();
  here.send(5);
  EXPECT_EQ(end.recv<int>(), 5);
}

TEST_F(handle_test, in_a_message_of_another_type_stays_in_place) {
  auto [here, there] = ramet::pipe();
  open_pipe ends;
  here.send(handle::adopt(ends.take_reader()));
  expect_error(errc::type_mismatch, {}, [&] { there.recv<int>(); });
  ends.write("t");
  EXPECT_EQ(ramet_test::read_some(there.recv<handle>().native_handle()), "t");
}

TEST_F(handle_test, can_be_waited_for) {
  open_pipe ends;
  auto reader = handle::adopt(ends.take_reader());
  ramet::queue<int> other;
  EXPECT_TRUE(ramet::try_wait(reader, other).empty());
  ends.write("!");
  EXPECT_TRUE(
      ramet::wait_for(ramet_test::long_enough, other, reader).contains(reader));
  reader.close();
  expect_error(errc::closed, {"waiting"}, [&] { ramet::try_wait(reader); });
}

TEST_F(handle_test, is_sent_by_many_threads_at_once) {
  ramet::queue<handle> post;
  auto shared = handle::adopt(::eventfd(0, EFD_CLOEXEC));
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) {
        post.put(shared);
        post.put(handle::adopt(::dup(0)));
        post.get();
        post.get();
      }
    });
  threads.clear();
  EXPECT_TRUE(post.empty());
}

} // namespace
