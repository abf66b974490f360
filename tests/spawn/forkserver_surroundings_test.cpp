// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Children by forkserver have what their parent has as it starts them, though
// they are forks of what it started long before.

#include "printed.hpp"
#include "process_fixture.hpp"

#include <ramet/async.hpp>
#include <ramet/queue.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace ramet::test {

namespace {

using detail::zygote;

const process_options by_forkserver{.start = start_method::forkserver};

using forkserver_surroundings_test = process_fixture;

void say_hello() {
  std::cout << "hello" << std::endl;
}

TEST_F(forkserver_surroundings_test,
       gives_children_the_standard_streams_of_the_moment) {
  process{by_forkserver, do_nothing}.join(); // the zygote is there
  std::cout << "held back";                  // and must not come out twice
  auto text = printed_by([] {
    process child{by_forkserver, say_hello};
    child.join();
  });
  EXPECT_EQ(text, "hello\n");
}

TEST_F(forkserver_surroundings_test,
       follows_the_environment_and_the_directory) {
  process{by_forkserver, do_nothing}.join();
  auto here = std::filesystem::current_path();
  ::setenv("RAMET_TEST_WORD", "later", 1);
  std::filesystem::current_path("/");
  queue<std::string> out;
  process child{
      by_forkserver,
      [](queue<std::string> out) {
        auto* word = std::getenv("RAMET_TEST_WORD");
        out.put(word ? word : "none");
        out.put(std::filesystem::current_path().string());
        for (auto* ours : {"RAMET_FAMILY", "RAMET_PARENT", "RAMET_ZYGOTE"})
          if (std::getenv(ours))
            out.put(ours);
        out.put("end");
      },
      out};
  ::unsetenv("RAMET_TEST_WORD");
  std::filesystem::current_path(here);
  EXPECT_EQ(out.get(), "later");
  EXPECT_EQ(out.get(), "/");
  EXPECT_EQ(out.get(), "end");
  child.join();
}

// What a program may change of itself that its children have, too. Each is
// made in a child, as there is no way back.
struct change {
  const char* what;
  bool (*make)();
  bool (*seen)(); // in a child
};

constexpr unsigned some_id = 12345;

rlimit limit_of_files() {
  rlimit result{};
  ::getrlimit(RLIMIT_NOFILE, &result);
  return result;
}

template <gid_t Id>
bool set_other_group() {
  gid_t one = Id;
  return ::geteuid() != 0 || ::setgroups(1, &one) == 0;
}

template <gid_t Id>
bool has_other_group() {
  gid_t one = 0;
  return ::geteuid() != 0 || (::getgroups(1, &one) == 1 && one == Id);
}

bool filter_nothing() {
  sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  sock_fprog program{1, &all};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

const change all_changes[] = {
    {"limits",
     [] {
       auto less = limit_of_files();
       less.rlim_cur = 345;
       return ::setrlimit(RLIMIT_NOFILE, &less) == 0;
     },
     [] { return limit_of_files().rlim_cur == 345; }},
    {"ignored signals", [] { return std::signal(SIGUSR2, SIG_IGN) != SIG_ERR; },
     [] { return std::signal(SIGUSR2, SIG_DFL) == SIG_IGN; }},
    {"environment",
     [] { return ::setenv("RAMET_TEST_WORD", "changed", 1) == 0; },
     [] { return std::getenv("RAMET_TEST_WORD") == std::string{"changed"}; }},
    {"directory", [] { return ::chdir("/") == 0; },
     [] { return std::filesystem::current_path() == "/"; }},
    {"process group", [] { return ::setpgid(0, 0) == 0; },
     [] { return ::getpgrp() == ::getppid(); }},
    {"priority", [] { return ::setpriority(PRIO_PROCESS, 0, 5) == 0; },
     [] { return ::getpriority(PRIO_PROCESS, 0) == 5; }},
    {"scheduler",
     [] {
       sched_param none{};
       return ::sched_setscheduler(0, SCHED_BATCH, &none) == 0;
     },
     [] { return ::sched_getscheduler(0) == SCHED_BATCH; }},
    {"processors",
     [] {
       cpu_set_t some;
       ::sched_getaffinity(0, sizeof some, &some);
       int first = 0;
       while (!CPU_ISSET(first, &some))
         ++first;
       CPU_ZERO(&some);
       CPU_SET(first, &some);
       return ::sched_setaffinity(0, sizeof some, &some) == 0;
     },
     [] {
       cpu_set_t found;
       ::sched_getaffinity(0, sizeof found, &found);
       return CPU_COUNT(&found) == 1;
     }},
    {"another group", set_other_group<some_id>, has_other_group<some_id>},
    {"another one", set_other_group<some_id + 1>, has_other_group<some_id + 1>},
    {"group",
     [] { return ::geteuid() != 0 || ::setresgid(some_id, -1, -1) == 0; },
     [] { return ::geteuid() != 0 || ::getgid() == some_id; }},
    {"no new rights",
     [] { return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0; },
     [] { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }},
    {"filter of system calls", filter_nothing, // needs the one before
     [] { return ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER; }},
    {"user", // the last, as it may do less then
     [] { return ::geteuid() != 0 || ::setresuid(some_id, -1, -1) == 0; },
     [] { return ::geteuid() != 0 || ::getuid() == some_id; }},
};

void change_all(queue<std::string> faults) {
  process{by_forkserver, do_nothing}.join();
  for (std::size_t i = 0; i < std::size(all_changes); ++i) {
    auto& one = all_changes[i];
    auto before = zygote::mine().pid();
    if (!one.make())
      faults.put(std::string{"could not change: "} + one.what);
    process child{
        by_forkserver,
        [](std::size_t i) { std::exit(all_changes[i].seen() ? 0 : 1); }, i};
    child.join();
    if (child.status()->code != 0)
      faults.put(std::string{"not followed: "} + one.what);
    process{by_forkserver, do_nothing}.join();
    auto after = zygote::mine().pid();
    process{by_forkserver, do_nothing}.join();
    if (zygote::mine().pid() != after)
      faults.put(std::string{"always anew after: "} + one.what);
    if (before == after)
      faults.put(std::string{"not noticed: "} + one.what);
  }
  faults.put("end");
}

TEST_F(forkserver_surroundings_test, follows_whatever_children_inherit) {
  queue<std::string> faults;
  process child{change_all, faults};
  for (std::string fault; (fault = faults.get()) != "end";)
    ADD_FAILURE() << fault;
  child.join();
}

TEST_F(forkserver_surroundings_test,
       gives_children_the_signal_mask_of_the_thread) {
  process{by_forkserver, do_nothing}.join();
  sigset_t one;
  sigset_t before;
  ::sigemptyset(&one);
  ::sigaddset(&one, SIGUSR2);
  ::pthread_sigmask(SIG_BLOCK, &one, &before);
  process child{by_forkserver, [] {
                  sigset_t mask;
                  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
                  std::exit(::sigismember(&mask, SIGUSR2) == 1
                                    && ::sigismember(&mask, SIGUSR1) == 0
                                ? 9
                                : 8);
                }};
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  child.join();
  EXPECT_EQ(child.status()->code, 9);
}

std::string own_binding() {
  auto* value = std::getenv("LD_BIND_NOW");
  return value ? value : "none";
}

TEST_F(forkserver_surroundings_test,
       leaves_the_binding_of_symbols_to_the_program) {
  ::unsetenv("LD_BIND_NOW"); // in case
  EXPECT_EQ(async({.start = start_method::forkserver}, own_binding).get(),
            "none");
  ::setenv("LD_BIND_NOW", "yes", 1);
  EXPECT_EQ(async({.start = start_method::forkserver}, own_binding).get(),
            "yes");
  ::unsetenv("LD_BIND_NOW");
  EXPECT_TRUE(eventually([] { return active_children().empty(); }));
}

// Who waits for the end of what a program prints does not wait for its zygote.
TEST_F(forkserver_surroundings_test, zygotes_keep_no_stream_open) {
  process_options printing;
  printing.setup.standard_output = redirection::pipe();
  queue<int> go;
  process child{printing,
                [](queue<int> go) {
                  process{by_forkserver, do_nothing}.join();
                  std::puts("printed");
                  std::fclose(stdout);
                  go.get();
                },
                go};
  auto text = child.standard_output().read_all();
  EXPECT_TRUE(child.running());
  EXPECT_EQ(text, "printed\n");
  go.put(1);
  child.join();
}

} // namespace

} // namespace ramet::test
