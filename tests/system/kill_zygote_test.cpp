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

/// Calls `kill` once within each start, at any moment of it or soon after. Ends
/// with its scope.
class killer {
public:
  template <class Kill>
  explicit killer(Kill kill)
      : thread_([this, kill] {
          chance random;
          for (int last = 0; !over_.load();) {
            if (start_.load() == last) {
              std::this_thread::yield();
              continue;
            }
            last = start_.load();
            pass(random.within(3ms));
            if (kill())
              ++killed_;
          }
        }) {}
  ~killer() { over_.store(true); }

  void next_start() { ++start_; }
  int killed() const { return killed_.load(); }

private:
  std::atomic<int> start_{0};
  std::atomic<int> killed_{0};
  std::atomic<bool> over_{false};
  std::jthread thread_;
};

// Every start brings a child, and every child ends with its own code: but for
// one that was killed as the spare, in the instant in which it was told.
TEST_F(kill_zygote_test, at_any_moment_loses_no_start_and_no_end) {
  killer killing{[] {
    static int round = 0; // one thread
    auto pid = zygote::mine().pid();
    return pid != 0 && ::kill(pid, ++round % 2 ? SIGKILL : SIGTERM) == 0;
  }};
  int right = 0;
  auto enough = clock::now() + 30s; // where cores are busy fewer will do
  for (int i = 0; i < 60 && clock::now() < enough; ++i) {
    killing.next_start();
    ramet::process child{by_forkserver, exit_with, i % 100};
    child.join();
    ASSERT_TRUE(child.status()->code) << i;
    EXPECT_EQ(*child.status()->code, i % 100);
    ++right;
  }
  EXPECT_GT(right, 0);
  EXPECT_GT(killing.killed(), 0);
}

TEST_F(kill_zygote_test, and_its_spare_at_any_moment_hangs_nobody) {
  killer killing{[] {
    for (int pid : children_in_system(::getpid()))
      if (proc_text(pid, "comm") == "ramet-zygote\n")
        return ::kill(pid, SIGKILL) == 0;
    return false;
  }};
  int ended = 0;
  auto enough = clock::now() + 30s;
  for (int i = 0; i < 60 && clock::now() < enough; ++i) {
    killing.next_start();
    ramet::process child{by_forkserver, exit_with, 3};
    child.join();
    auto status = child.status();
    EXPECT_TRUE(status->code == 3 || status->signal == SIGKILL)
        << to_string(*status);
    if (status->code == 3)
      ++ended;
  }
  EXPECT_GT(killing.killed(), 0);
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
