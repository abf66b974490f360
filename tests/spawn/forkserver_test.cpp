// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "forked.hpp"
#include "pidfd_linux.hpp"
#include "program.hpp"

#include "room_for.hpp"
#include "sanitizer.hpp"

#include <ramet/async.hpp>
#include <ramet/pool.hpp>
#include <ramet/queue.hpp>
#include <ramet/this_process.hpp>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace ramet::test {

namespace {

using detail::zygote;

const process_options by_forkserver{.start = start_method::forkserver};

process_options named(const std::string& name) {
  return {.name = name, .start = start_method::forkserver};
}

class forkserver_test : public process_fixture {};

// The child that waits to be something, beside those that are.
int spare_pid() {
  int result = 0;
  EXPECT_TRUE(eventually([&] {
    for (int pid : children_in_system(::getpid()))
      if (pid != zygote::mine().pid()
          && proc_text(pid, "comm") == "ramet-zygote\n"
          && proc_text(pid, "stat").find(") S ") != std::string::npos)
        result = pid;
    return result != 0;
  }));
  return result;
}

void kill_and_await(int pid) {
  auto pidfd = detail::open_pidfd(pid);
  ASSERT_TRUE(pidfd);
  ::kill(pid, SIGKILL);
  EXPECT_TRUE(detail::wait_for_end(pidfd.get(), detail::deadline::in(20s)));
}

// Of the calling process, with copies of all its descriptors.
int bare_fork() {
  int pid = ::fork();
  if (pid < 0)
    throw std::system_error{errno, std::generic_category(), "fork"};
  if (pid == 0) {
    ::alarm(120); // should the test fail
    ::pause();
    ::_exit(0);
  }
  return pid;
}

struct facts {
  int pid = 0;
  int system_parent = 0;
  int parent = 0;
  int given = 0;
  std::string name;
  std::string parent_name;
  std::string short_name;
};

void tell_facts(queue<facts> out, int given) {
  out.put({::getpid(), ::getppid(), parent_process()->pid(), given,
           this_process().name(), parent_process()->name(),
           proc_text(::getpid(), "comm")});
}

TEST_F(forkserver_test, makes_a_full_member_of_the_family) {
  queue<facts> out;
  process child{named("worker"), tell_facts, out, 42};
  auto found = out.get();
  child.join();
  EXPECT_EQ(found.pid, child.pid());
  EXPECT_EQ(found.system_parent, ::getpid());
  EXPECT_EQ(found.parent, ::getpid());
  EXPECT_EQ(found.given, 42);
  EXPECT_EQ(found.name, "worker");
  EXPECT_EQ(found.parent_name, "MainProcess");
  EXPECT_EQ(found.short_name, proc_text(::getpid(), "comm"));
  EXPECT_EQ(child.status()->code, 0);
}

TEST_F(forkserver_test, keeps_its_zygote_and_shows_it_to_nobody) {
  process{by_forkserver, do_nothing}.join();
  auto pid = zygote::mine().pid();
  EXPECT_NE(pid, 0);
  EXPECT_TRUE(active_children().empty());
  EXPECT_TRUE(
      detail::family::mine().children_of(detail::member_id::mine()).empty());
  for (int i = 0; i < 20; ++i)
    process{by_forkserver, do_nothing}.join();
  EXPECT_EQ(zygote::mine().pid(), pid);
}

TEST_F(forkserver_test, has_a_zygote_without_objects_and_descriptors_of_ours) {
  queue<int> held;
  int out[2];
  ASSERT_EQ(::pipe2(out, 0), 0); // not even close-on-exec
  process{by_forkserver, do_nothing}.join();
  for (int pid : {zygote::mine().pid(), spare_pid()}) {
    EXPECT_EQ(proc_text(pid, "maps").find(detail::family::mine().directory()),
              std::string::npos);
    // Three to nowhere, its socket or sockets, us as a pidfd; more while it has
    // not yet let go of a spare.
    EXPECT_TRUE(eventually([=] {
      return count_files("/proc/" + std::to_string(pid) + "/fd") <= 5U;
    })) << pid;
    EXPECT_EQ(proc_number(pid, "Threads"), 1);
  }
  ::close(out[0]);
  ::close(out[1]);
}

bool has_memory_of_zygotes() {
  return proc_text(::getpid(), "maps").find("ramet-zygote")
         != std::string::npos;
}

TEST_F(forkserver_test, shares_memory_with_its_zygote_only) {
  process child{by_forkserver, [] { std::exit(has_memory_of_zygotes()); }};
  child.join();
  EXPECT_EQ(child.status()->code, 0);
  EXPECT_TRUE(has_memory_of_zygotes());
  zygote::mine().end();
  EXPECT_FALSE(has_memory_of_zygotes());
}

TEST_F(forkserver_test, goes_on_when_its_zygote_is_killed) {
  queue<int> go;
  process living{by_forkserver, [](queue<int> go) { std::exit(go.get()); }, go};
  auto first = zygote::mine().pid();
  kill_and_await(first);
  for (int i = 0; i < 3; ++i) { // the first may still have the spare
    process child{by_forkserver, [] { std::exit(3); }};
    child.join();
    EXPECT_EQ(child.status()->code, 3);
  }
  EXPECT_NE(zygote::mine().pid(), first);
  EXPECT_TRUE(living.running());
  go.put(5);
  living.join();
  EXPECT_EQ(living.status()->code, 5);
}

TEST_F(forkserver_test, goes_on_when_its_spare_is_killed) {
  process{by_forkserver, do_nothing}.join();
  auto before = zygote::mine().pid();
  kill_and_await(spare_pid());
  process child{by_forkserver, [] { std::exit(3); }};
  child.join();
  EXPECT_EQ(child.status()->code, 3);
  EXPECT_EQ(zygote::mine().pid(), before);
}

TEST_F(forkserver_test,
       ignores_ctrl_c_in_zygote_and_spare_but_not_in_children) {
  process{by_forkserver, do_nothing}.join();
  auto before = zygote::mine().pid();
  auto spare = spare_pid();
  ::kill(before, SIGINT);
  ::kill(spare, SIGINT);
  process child{by_forkserver, [] {
                  ::raise(SIGINT);
                  ::pause();
                }};
  EXPECT_EQ(child.pid(), spare);
  EXPECT_EQ(zygote::mine().pid(), before);
  child.interrupt();
  child.join();
  EXPECT_EQ(child.status()->signal, SIGINT);
}

// Neither could be killed by it then.
TEST_F(forkserver_test, ends_of_who_has_given_up_its_rights) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "only root can give its rights up";
  queue<int> out;
  process child{[](queue<int> out) {
                  process{by_forkserver, do_nothing}.join();
                  out.put(bare_fork()); // it has copies of all sockets
                  if (::setuid(65534) != 0)
                    std::abort();
                },
                out};
  auto fork = out.get();
  EXPECT_TRUE(child.join_for(30s));
  child.kill();
  child.join();
  EXPECT_EQ(child.status()->code, 0) << to_string(*child.status());
  kill_and_await(fork);
}

TEST_F(forkserver_test, starts_from_many_threads_at_a_time) {
  queue<int> out;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      for (int j = 0; j < 10; ++j)
        process{by_forkserver, [](queue<int> out, int n) { out.put(n); }, out,
                i * 10 + j}
            .join();
    });
  threads.clear();
  std::vector<int> found(80);
  for (int i = 0; i < 80; ++i)
    ++found[static_cast<std::size_t>(out.get())];
  EXPECT_EQ(found, std::vector<int>(80, 1));
}

void start_below(queue<int> out, int depth) {
  out.put(zygote::mine().pid()); // none yet
  if (depth == 0)
    return;
  process child{by_forkserver, start_below, out, depth - 1};
  out.put(zygote::mine().pid());
  child.join();
  if (child.status()->code != 0)
    std::exit(4);
}

TEST_F(forkserver_test, gives_children_zygotes_of_their_own) {
  queue<int> out;
  process child{by_forkserver, start_below, out, 1};
  child.join();
  EXPECT_EQ(child.status()->code, 0);
  EXPECT_EQ(out.get(), 0);
  auto a = out.get();
  auto b = out.get();
  EXPECT_EQ(std::min(a, b), 0); // that of the child below
  EXPECT_GT(std::max(a, b), 0);
  EXPECT_NE(std::max(a, b), zygote::mine().pid());
  EXPECT_NE(::kill(std::max(a, b), 0), 0) << "it has outlived its owner";
}

void wait_below(queue<int> out) {
  queue<int> never;
  process child{by_forkserver, [](queue<int> never) { never.get(); }, never};
  out.put(child.pid());
  out.put(zygote::mine().pid());
  out.put(spare_pid());
  never.get();
}

TEST_F(forkserver_test, lets_nobody_outlive_a_killed_parent) {
  queue<int> out;
  process child{by_forkserver, wait_below, out};
  std::vector<int> below{out.get(), out.get(), out.get()};
  child.kill();
  child.join();
  for (int pid : below)
    EXPECT_TRUE(eventually([=] { return lives_no_more(pid); })) << pid;
}

void leave_a_bare_fork(queue<int> out) {
  process{by_forkserver, do_nothing}.join();
  auto spare = spare_pid();
  auto fork = bare_fork();
  out.put(zygote::mine().pid());
  out.put(spare);
  out.put(fork);
  queue<int>{}.get(); // for ever
}

TEST_F(forkserver_test, ends_with_its_owner_though_a_bare_fork_lives_on) {
  queue<int> out;
  process child{leave_a_bare_fork, out};
  int helpers[] = {out.get(), out.get()};
  auto fork = out.get();
  child.kill();
  child.join();
  for (int pid : helpers)
    EXPECT_TRUE(eventually([=] { return lives_no_more(pid); })) << pid;
  kill_and_await(fork);
}

TEST_F(forkserver_test, says_what_it_lacks_when_no_descriptor_is_left) {
  RAMET_SKIP_WITH_SANITIZER("descriptors");
  for (std::size_t more = 0; more < 24; ++more) {
    bool started = false;
    try {
      ramet_test::room_for few{more}; // its children get a zygote of their own
      process child{by_forkserver, do_nothing};
      started = true;
      child.join();
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::resource_exhausted) << more << e.what();
    }
    EXPECT_TRUE(started || more < 23);
  }
}

TEST_F(forkserver_test, has_a_zygote_that_outlives_a_want_of_descriptors) {
  RAMET_SKIP_WITH_SANITIZER("descriptors");
  ramet_test::room_for few{40};
  process{by_forkserver, do_nothing}.join();
  auto before = zygote::mine().pid();
  std::vector<detail::unique_fd> taken;
  while (auto one = detail::unique_fd{::dup(STDIN_FILENO)})
    taken.push_back(std::move(one));
  std::size_t refused = 0;
  for (bool started = false; !started; taken.pop_back()) {
    ASSERT_FALSE(taken.empty());
    try {
      process child{by_forkserver, do_nothing};
      started = true;
      child.join();
      EXPECT_EQ(child.status()->code, 0);
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::resource_exhausted) << e.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 1U);
  EXPECT_EQ(zygote::mine().pid(), before);
}

// One that was made as the zygote was launched has its end of the socket.
TEST_F(forkserver_test, goes_on_though_bare_forks_have_all_its_sockets) {
  std::atomic<bool> launched{false};
  std::vector<int> forks;
  std::jthread forking{[&] {
    try {
      while (!launched.load() && forks.size() < 50)
        forks.push_back(bare_fork());
    } catch (const std::system_error&) { // so many will do
    }
  }};
  process{by_forkserver, do_nothing}.join();
  launched.store(true);
  forking.join();
  kill_and_await(zygote::mine().pid());
  for (int i = 0; i < 2; ++i) {
    process child{by_forkserver, [] { std::exit(3); }};
    EXPECT_TRUE(child.join_for(20s));
    EXPECT_EQ(child.status()->code, 3);
  }
  for (int fork : forks) {
    ::kill(fork, SIGKILL);
    ::waitpid(fork, nullptr, 0);
  }
}

TEST_F(forkserver_test, refuses_another_program_and_takes_its_own) {
  try {
    process child{{.name = "other",
                   .start = start_method::forkserver,
                   .executable = "/bin/true"},
                  do_nothing};
    ADD_FAILURE() << "nothing was thrown";
  } catch (const error& refused) {
    EXPECT_EQ(refused.code(), errc::protocol);
    std::string text = refused.what();
    EXPECT_NE(text.find("/bin/true"), text.npos) << text;
    EXPECT_NE(text.find("'other'"), text.npos) << text;
  }
  process own{{.start = start_method::forkserver,
               .executable = std::filesystem::read_symlink("/proc/self/exe")},
              do_nothing};
  own.join();
  EXPECT_EQ(own.status()->code, 0);
}

TEST_F(forkserver_test, is_refused_by_programs_that_cannot_have_a_zygote) {
  auto directory = "/dev/shm/ramet-unfit-" + std::to_string(::getpid());
  std::filesystem::create_directory(directory);
  program one{{"unfit_for_forks", "objects"}, {"RAMET_SHM_DIR=" + directory}};
  auto objects = one.rest();
  EXPECT_TRUE(one.nobody_left());
  EXPECT_TRUE(std::filesystem::is_empty(directory)); // also of the zygote
  std::filesystem::remove_all(directory);
  EXPECT_NE(objects.find("protocol"), objects.npos) << objects;
  EXPECT_NE(objects.find("shared objects"), objects.npos) << objects;
  program other{{"unfit_for_forks", "thread"}};
  auto thread = other.rest();
  EXPECT_NE(thread.find("protocol"), thread.npos) << thread;
  EXPECT_NE(thread.find("1 threads"), thread.npos) << thread;
  program third{{"unfit_for_forks", "leaves"}};
  auto leaves = third.rest();
  EXPECT_NE(leaves.find("protocol"), leaves.npos) << leaves;
  EXPECT_NE(leaves.find("exited with 9"), leaves.npos) << leaves;
}

TEST_F(forkserver_test, makes_do_with_symbols_that_are_nowhere) {
  program one{{"unbound_program"}};
  EXPECT_EQ(one.rest(), "0\n1\n");
}

TEST_F(forkserver_test, can_be_the_default_for_pools_and_async) {
  set_default_start_method(start_method::forkserver);
  EXPECT_EQ(async([] { return ::getppid(); }).get(), ::getpid());
  EXPECT_TRUE(eventually([] { return active_children().empty(); }));
  {
    pool workers{2};
    EXPECT_EQ(workers.apply([](int n) { return n + 1; }, 4), 5);
    EXPECT_NE(zygote::mine().pid(), 0);
  }
  set_default_start_method(start_method::spawn);
}

TEST_F(forkserver_test, detaches_children_like_others) {
  queue<int> go;
  process child{by_forkserver, [](queue<int> go) { std::exit(go.get()); }, go};
  child.detach();
  zygote::mine().end();
  go.put(6);
  child.join();
  EXPECT_EQ(child.status()->code, 6);
}

std::chrono::nanoseconds cpu_time(int pid) {
  clockid_t id = 0;
  timespec used{};
  if (::clock_getcpuclockid(pid, &id) != 0 || ::clock_gettime(id, &used) != 0)
    ADD_FAILURE() << "no process " << pid;
  return std::chrono::seconds{used.tv_sec}
         + std::chrono::nanoseconds{used.tv_nsec};
}

TEST_F(forkserver_test, uses_no_processor_while_idle) {
  process{by_forkserver, do_nothing}.join();
  auto spare = spare_pid();
  auto used = [&] { return cpu_time(zygote::mine().pid()) + cpu_time(spare); };
  auto before = used();
  std::this_thread::sleep_for(500ms); // the time that is measured
  EXPECT_EQ(used() - before, 0ns);
}

} // namespace

} // namespace ramet::test
