// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "detached_keeper.hpp"
#include "forked.hpp"
#include "printed.hpp"
#include "program.hpp"

#include "leak_check.hpp"
#include "room_for.hpp"
#include "sanitizer.hpp"

#include <ramet/async.hpp>
#include <ramet/mutex.hpp>
#include <ramet/pipe.hpp>
#include <ramet/pool.hpp>
#include <ramet/process_setup.hpp>
#include <ramet/queue.hpp>
#include <ramet/this_process.hpp>

#include <condition_variable>
#include <csignal>
#include <iostream>
#include <mutex>
#include <optional>
#include <thread>

#include <fcntl.h>

namespace ramet::test {

namespace {

using ramet_test::expect_error;

const process_options by_fork{.start = start_method::fork};

class fork_test : public process_fixture {
#if defined(__SANITIZE_THREAD__)
  void SetUp() override {
    process_fixture::SetUp();
    GTEST_SKIP() << "ThreadSanitizer has a thread, which a fork would lack";
  }
#endif
};

int global = 1;
std::optional<queue<int>> global_queue;
std::optional<connection> global_end;
std::optional<process> global_process;

void exit_with_global() {
  std::exit(global);
}

TEST_F(fork_test, sees_globals_as_they_are) {
  for (int value : {11, 12, 13}) { // again and again, beside the watcher
    global = value;
    process child{by_fork, exit_with_global};
    child.join();
    EXPECT_EQ(child.status()->code, value);
  }
}

struct facts {
  int pid = 0;
  int system_parent = 0;
  int parent = 0;
  int given = 0;
  std::size_t children = 0;
  std::string name;
  std::uint32_t serial = 0;
  bool guest = true;
};

void tell_facts(queue<facts> out, int given) {
  auto& members = detail::family::mine();
  out.put({::getpid(), ::getppid(), parent_process()->pid(), given,
           active_children().size(), this_process().name(), members.serial(),
           members.is_guest()});
}

TEST_F(fork_test, makes_a_full_member_of_the_family) {
  queue<int> go;
  process other{[](queue<int> go) { go.get(); }, go};
  queue<facts> out;
  process child{
      {.name = "worker", .start = start_method::fork}, tell_facts, out, 42};
  auto found = out.get();
  child.join();
  EXPECT_EQ(found.pid, child.pid());
  EXPECT_EQ(found.system_parent, ::getpid());
  EXPECT_EQ(found.parent, ::getpid());
  EXPECT_EQ(found.given, 42);
  EXPECT_EQ(found.children, 0U);
  EXPECT_EQ(found.name, "worker");
  EXPECT_NE(found.serial, detail::family::mine().serial());
  EXPECT_FALSE(found.guest);
  EXPECT_EQ(child.status()->code, 0);
  go.put(1);
  other.join();
}

TEST_F(fork_test, keeps_handles_in_globals_usable) {
  global_queue.emplace();
  queue<int> go;
  process child{by_fork,
                [](queue<int> go) {
                  go.get();             // the original has let go by now
                  global_queue->put(4); // and we alone hold it
                  std::exit(global_queue->get());
                },
                go};
  global_queue.reset();
  go.put(1);
  child.join();
  EXPECT_EQ(child.status()->code, 4);
}

TEST_F(fork_test, leaves_handles_of_the_original_alone_when_the_child_is_gone) {
  global_queue.emplace();
  process killed{by_fork, [] { ::raise(SIGKILL); }};
  killed.join();
  process lets_go{by_fork, [] { global_queue.reset(); }};
  lets_go.join();
  EXPECT_EQ(lets_go.status()->code, 0);
  global_queue->put(3);
  EXPECT_EQ(global_queue->get(), 3);
  global_queue.reset();
}

TEST_F(fork_test, holds_a_thousand_objects_and_more_in_the_child) {
  std::vector<queue<int>> many(1200);
  process child{by_fork, [](queue<int> last) { last.put(8); }, many.back()};
  EXPECT_EQ(many.back().get(), 8);
  child.join();
  EXPECT_EQ(child.status()->code, 0);
}

TEST_F(fork_test, leaves_the_ends_of_pipes_to_the_original) {
  auto [here, there] = pipe();
  global_end = std::move(there);
  process child{by_fork, [] {
                  try {
                    global_end->send(1);
                  } catch (const error& refused) {
                    std::string text = refused.what();
                    global_end.reset(); // closes nothing
                    std::exit(refused.code() == errc::closed
                                      && text.find("forked") != text.npos
                                  ? 5
                                  : 6);
                  }
                }};
  child.join();
  EXPECT_EQ(child.status()->code, 5);
  global_end->send(2);
  EXPECT_EQ(here.recv<int>(), 2);
  global_end.reset();
}

TEST_F(fork_test, moves_an_end_that_is_an_argument) {
  auto [here, there] = pipe();
  process child{by_fork, [](connection end) { end.send(9); }, std::move(there)};
  EXPECT_EQ(here.recv<int>(), 9);
  EXPECT_THROW(here.recv<int>(), error); // closed with the child
  child.join();
}

TEST_F(fork_test, does_not_hold_a_mutex_that_the_original_holds) {
  mutex shared;
  shared.lock();
  process child{by_fork,
                [](mutex shared) { std::exit(shared.try_lock() ? 1 : 5); },
                shared};
  child.join();
  EXPECT_EQ(child.status()->code, 5);
  shared.unlock();
  EXPECT_TRUE(shared.try_lock());
  shared.unlock();
}

TEST_F(fork_test, refuses_the_originals_children_in_the_child) {
  queue<int> go;
  global_process.emplace([](queue<int> go) { go.get(); }, go);
  process child{by_fork, [] {
                  try {
                    global_process->join();
                  } catch (const error& refused) {
                    std::exit(refused.code() == errc::protocol ? 5 : 6);
                  }
                }};
  child.join();
  EXPECT_EQ(child.status()->code, 5);
  EXPECT_TRUE(global_process->running());
  go.put(1);
  global_process->join();
  EXPECT_EQ(global_process->status()->code, 0);
  global_process.reset();
}

TEST_F(fork_test, prints_nothing_twice_and_loses_nothing) {
  auto text = printed_by([] {
    std::printf("once ");
    process child{by_fork, [] {
                    std::printf("in the child ");
                    std::cout << "and cout";
                  }};
    child.join();
  });
  EXPECT_EQ(text, "once in the child and cout");
}

void start_below(queue<std::string> out, int depth) {
  if (depth > 0) {
    process child{by_fork, start_below, out, depth - 1};
    child.join();
  }
  out.put(this_process().name());
}

TEST_F(fork_test, lets_children_start_children_by_any_method) {
  queue<std::string> out;
  process child{by_fork, start_below, out, 2};
  child.join();
  EXPECT_EQ(child.status()->code, 0);
  std::vector<std::string> names{out.get(), out.get(), out.get()};
  EXPECT_EQ(names[2], child.name());
  EXPECT_EQ(names[1], names[2] + ":1");
  EXPECT_EQ(names[0], names[1] + ":1");
  process mixed{by_fork, [] {
                  process a{do_nothing};
                  process b{{.start = start_method::forkserver}, do_nothing};
                  pool workers{1};
                  a.join();
                  b.join();
                  std::exit(workers.apply([](int n) { return n; }, 5)
                            + *a.status()->code + *b.status()->code);
                }};
  mixed.join();
  EXPECT_EQ(mixed.status()->code, 5);
}

TEST_F(fork_test, lets_nobody_outlive_a_killed_parent) {
  queue<int> out;
  process child{
      by_fork,
      [](queue<int> out) {
        queue<int> never;
        process below{by_fork, [](queue<int> never) { never.get(); }, never};
        out.put(below.pid());
        never.get();
      },
      out};
  auto below = out.get();
  child.kill();
  child.join();
  EXPECT_TRUE(eventually([=] { return lives_no_more(below); })) << below;
}

TEST_F(fork_test, is_not_hindered_by_threads_that_were_joined) {
  for (int i = 0; i < 200; ++i) {
    std::thread{do_nothing}.join();
    process{{.start = start_method::fork}, do_nothing}.join();
  }
}

TEST_F(fork_test, is_refused_while_other_threads_run_and_names_them) {
  std::mutex guard;
  std::condition_variable changed;
  bool over = false;
  std::thread other{[&] {
    ::pthread_setname_np(::pthread_self(), "a-users-thread");
    std::unique_lock lock{guard};
    changed.wait(lock, [&] { return over; });
  }};
  // It has its name when it waits.
  while (proc_text(::getpid(), "status").empty() || !eventually([] {
           for (auto& entry :
                std::filesystem::directory_iterator{"/proc/self/task"}) {
             std::string name;
             std::getline(std::ifstream{entry.path() / "comm"}, name);
             if (name == "a-users-thread")
               return true;
           }
           return false;
         })) {
  }
  expect_error(errc::protocol, {"'late'", "a-users-thread", "forkserver"}, [] {
    process child{{.name = "late", .start = start_method::fork}, do_nothing};
  });
  {
    std::scoped_lock lock{guard};
    over = true;
  }
  changed.notify_one();
  other.join();
  process child{by_fork, do_nothing}; // at once, though it may be seen yet
  child.join();
  EXPECT_EQ(child.status()->code, 0);
}

TEST_F(fork_test, is_refused_while_a_pool_has_its_thread) {
  {
    pool workers{1};
    workers.apply([] {});
    expect_error(errc::protocol, {"fork", "ramet-"}, [] {
      process child{by_fork, do_nothing};
    });
  }
  process child{by_fork, do_nothing};
  child.join();
  EXPECT_EQ(child.status()->code, 0);
}

TEST_F(fork_test, brings_the_result_of_async) {
  global = 21;
  EXPECT_EQ(async(by_fork, [] { return 2 * global; }).get(), 42);
  EXPECT_TRUE(eventually([] { return active_children().empty(); }));
}

// Or who reads from the other side sees no end when we close this one.
TEST_F(fork_test, has_no_pipe_of_a_sibling_that_has_ended) {
  process_options with_pipe{.start = start_method::fork};
  with_pipe.setup.standard_input = redirection::pipe();
  process sibling{with_pipe, do_nothing};
  sibling.join();
  auto number = sibling.standard_input().native_handle();
  process child{
      {.start = start_method::fork},
      [](int number) { std::exit(::fcntl(number, F_GETFD) < 0 ? 7 : 8); },
      number};
  child.join();
  EXPECT_EQ(child.status()->code, 7);
}

int descriptors_here() {
  return static_cast<int>(count_files("/proc/self/fd"));
}

TEST_F(fork_test, has_no_descriptor_more_for_its_redirections) {
  auto count = [](process_options options) {
    options.start = start_method::fork;
    process child{options, [] { std::exit(descriptors_here()); }};
    child.join();
    return child.status()->code;
  };
  process_options redirected;
  redirected.setup.standard_input = redirection::file("/dev/zero");
  redirected.setup.standard_output = redirection::null();
  redirected.setup.standard_error = redirection::file("/dev/full");
  EXPECT_EQ(count(redirected), count({}));
  redirected.setup.standard_input = redirection::pipe();
  redirected.setup.standard_output = redirection::pipe();
  EXPECT_EQ(count(redirected), count({}));
}

TEST_F(fork_test, reads_its_pipe_to_the_end) {
  process_options with_pipe{.start = start_method::fork};
  with_pipe.setup.standard_input = redirection::pipe();
  process child{with_pipe, [] {
                  std::string text{std::istreambuf_iterator{std::cin}, {}};
                  std::exit(static_cast<int>(text.size()));
                }};
  child.standard_input().write("five!");
  child.standard_input().close();
  child.join();
  EXPECT_EQ(child.status()->code, 5);
}

TEST_F(fork_test, hears_interrupts_as_children_do) {
  process child{by_fork, [] { ::pause(); }};
  child.interrupt();
  child.join();
  EXPECT_EQ(child.status()->signal, SIGINT);
}

TEST_F(fork_test, has_a_zygote_of_its_own) {
  const process_options by_forkserver{.start = start_method::forkserver};
  process{by_forkserver, do_nothing}.join();
  auto ours = detail::zygote::mine().pid();
  process child{by_fork, [] {
                  process_options below{.start = start_method::forkserver};
                  auto parent = async(below, [] { return ::getppid(); });
                  std::exit(parent.get() == ::getpid() ? 5 : 6);
                }};
  child.join();
  EXPECT_EQ(child.status()->code, 5);
  process other{by_fork, [] {
                  auto maps = proc_text(::getpid(), "maps");
                  std::exit(maps.find("ramet-zygote") == maps.npos ? 5 : 6);
                }};
  other.join();
  EXPECT_EQ(other.status()->code, 5);
  process{by_forkserver, do_nothing}.join();
  EXPECT_EQ(detail::zygote::mine().pid(), ours);
}

TEST_F(fork_test, passes_descriptors_when_it_is_detached) {
  expect_kept_by_detached(start_method::fork);
}

TEST_F(fork_test, says_what_it_lacks_when_no_descriptor_is_left) {
  RAMET_SKIP_WITH_SANITIZER("descriptors");
  for (std::size_t more = 0; more < 16; ++more) {
    bool started = false;
    try {
      ramet_test::room_for few{more};
      process child{{.start = start_method::fork}, do_nothing};
      started = true;
      child.join();
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::resource_exhausted) << more << e.what();
    }
    EXPECT_TRUE(started || more < 15);
  }
}

TEST_F(fork_test, is_refused_though_it_cannot_look_for_threads) {
  RAMET_SKIP_WITH_SANITIZER("descriptors");
  pool workers{1};
  workers.apply([] {});
  for (std::size_t more = 0; more < 16; ++more) {
    ramet_test::room_for few{more};
    EXPECT_THROW((process{{.start = start_method::fork}, do_nothing}), error);
  }
}

TEST_F(fork_test, refuses_another_program) {
  expect_error(errc::protocol, {"'Process-", "/bin/true", "fork"}, [] {
    process child{{.start = start_method::fork, .executable = "/bin/true"},
                  do_nothing};
  });
}

} // namespace

} // namespace ramet::test
