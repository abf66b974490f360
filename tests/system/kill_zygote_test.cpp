// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "system_test.hpp"

#include "../spawn/forked.hpp"

#include <ramet/queue.hpp>

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include <sys/prctl.h>
#include <unistd.h>

namespace ramet_test {

namespace {

using ramet::detail::zygote;
using ramet::test::children_in_system;
using ramet::test::proc_text;

const ramet::process_options by_forkserver{.start =
                                               ramet::start_method::forkserver};

class kill_zygote_test : public system_test {};

void exit_with(int code) {
  std::exit(code);
}

// Every start brings a child, and every child ends with its own code: but for
// one that was killed as the spare, in the instant in which it was told.
TEST_F(kill_zygote_test, at_any_moment_loses_no_start_and_no_end) {
  std::atomic<bool> over{false};
  std::atomic<int> killed{0};
  std::jthread killer{[&] {
    chance random;
    while (!over.load()) {
      pass(random.within(3ms));
      if (auto pid = zygote::mine().pid(); pid != 0 && random.below(2) == 0) {
        ::kill(pid, SIGKILL);
        ++killed;
      }
    }
  }};
  int right = 0;
  for (int i = 0; i < 60; ++i) {
    ramet::process child{by_forkserver, exit_with, i % 100};
    child.join();
    ASSERT_TRUE(child.status()->code) << i;
    EXPECT_EQ(*child.status()->code, i % 100);
    ++right;
  }
  over.store(true);
  EXPECT_EQ(right, 60);
  EXPECT_GT(killed.load(), 0);
}

TEST_F(kill_zygote_test, and_its_spare_at_any_moment_hangs_nobody) {
  std::atomic<bool> over{false};
  std::atomic<int> killed{0};
  std::jthread killer{[&] {
    chance random;
    while (!over.load()) {
      pass(random.within(2ms));
      for (int pid : children_in_system(::getpid()))
        if (proc_text(pid, "comm") == "ramet-zygote\n") {
          ::kill(pid, SIGKILL);
          ++killed;
          break;
        }
    }
  }};
  int ended = 0;
  for (int i = 0; i < 60; ++i) {
    ramet::process child{by_forkserver, exit_with, 3};
    child.join();
    auto status = child.status();
    EXPECT_TRUE(status->code == 3 || status->signal == SIGKILL)
        << to_string(*status);
    if (status->code == 3)
      ++ended;
  }
  over.store(true);
  EXPECT_GT(killed.load(), 0);
  EXPECT_GT(ended, 0);
}

void start_many(ramet::queue<int> ready) {
  ::setpgid(0, 0);
  ready.put(1);
  for (;;)
    ramet::process{by_forkserver, exit_with, 0}.join();
}

// Zygotes, spares and children of a dead starter all go.
TEST_F(kill_zygote_test, of_a_killed_starter_leaves_nobody) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1); // orphans come to us
  chance random;
  for (int round = 0; round < 8; ++round) {
    ramet::queue<int> ready;
    ramet::process starter{start_many, ready};
    ready.get();
    pass(random.within(20ms));
    starter.kill();
    starter.join();
    EXPECT_TRUE(eventually([group = starter.pid()] {
      while (::waitpid(-group, nullptr, WNOHANG) > 0) {
      }
      return ::kill(-group, 0) != 0;
    })) << round;
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

} // namespace

} // namespace ramet_test
