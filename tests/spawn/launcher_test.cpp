// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "process_fixture.hpp"

#include "launcher.hpp"
#include "pidfd_linux.hpp"

#include <ramet/error.hpp>
#include <ramet/queue.hpp>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace ramet::test {

namespace {

using launcher_test = process_fixture;

std::vector<int> open_descriptors() {
  std::vector<int> result;
  for (int fd = 3; fd < 4096; ++fd)
    if (::fcntl(fd, F_GETFD) >= 0)
      result.push_back(fd);
  return result;
}

TEST_F(launcher_test, gives_the_child_no_descriptor_but_the_standard_streams) {
  queue<std::vector<int>> answers;
  auto report = [](queue<std::vector<int>> out) {
    out.put(open_descriptors());
  };
  process{report, answers}.join();
  auto usual = answers.get();
  std::vector<int> leaky;
  for (int i = 0; i < 500; ++i)
    leaky.push_back(::open("/dev/null", O_RDONLY)); // not close-on-exec
  process{report, answers}.join();
  EXPECT_EQ(answers.get(), usual);
  for (int fd : leaky) {
    EXPECT_EQ(::fcntl(fd, F_GETFD), 0) << "changed in the parent";
    ::close(fd);
  }
}

TEST_F(launcher_test, says_why_a_program_cannot_be_executed) {
  auto refusal = [](const char* path) {
    try {
      process{{.name = "lost", .executable = path}, do_nothing};
      return std::string{"started"};
    } catch (const error& problem) {
      return std::string{problem.what()};
    }
  };
  EXPECT_EQ(refusal("/nonexistent/program"),
            "starting process 'lost': executing '/nonexistent/program': No "
            "such file or directory (errno 2)");
  EXPECT_NE(refusal("/etc/passwd").find("Permission denied (errno 13)"),
            std::string::npos);
  EXPECT_TRUE(active_children().empty());
}

struct signal_view {
  bool blocked = false;
  bool ignored = false;
  bool caught = false;
};

signal_view view_of(int signal) {
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  struct sigaction action {};
  ::sigaction(signal, nullptr, &action);
  return {::sigismember(&mask, signal) == 1, action.sa_handler == SIG_IGN,
          action.sa_handler != SIG_IGN && action.sa_handler != SIG_DFL};
}

TEST_F(launcher_test, gives_the_child_the_callers_mask_and_no_handlers) {
  struct sigaction before {};
  struct sigaction handler {};
  handler.sa_handler = [](int) {};
  ::sigaction(SIGUSR1, &handler, &before);
  ::signal(SIGUSR2, SIG_IGN);
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  queue<std::vector<signal_view>> answers;
  process{[](queue<std::vector<signal_view>> out) {
            out.put({view_of(SIGUSR1), view_of(SIGUSR2), view_of(SIGHUP),
                     view_of(SIGTERM), view_of(SIGCHLD)});
          },
          answers}
      .join();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::signal(SIGUSR2, SIG_DFL);
  EXPECT_TRUE(view_of(SIGUSR1).caught) << "the parent's handler is gone";
  ::sigaction(SIGUSR1, &before, nullptr);
  auto seen = answers.get();
  EXPECT_FALSE(seen[0].caught);
  EXPECT_TRUE(seen[1].ignored);
  EXPECT_TRUE(seen[2].blocked);
  EXPECT_FALSE(seen[3].blocked);
  EXPECT_FALSE(seen[4].caught || seen[4].ignored || seen[4].blocked);
}

TEST_F(launcher_test, leaves_sigchld_to_the_program) {
  process{do_nothing}.join();
  EXPECT_FALSE(view_of(SIGCHLD).caught);
  static volatile std::sig_atomic_t arrived;
  arrived = 0;
  struct sigaction handler {};
  handler.sa_handler = [](int) { arrived = arrived + 1; };
  handler.sa_flags = SA_RESTART;
  ::sigaction(SIGCHLD, &handler, nullptr);
  process{do_nothing}.join();
  EXPECT_TRUE(view_of(SIGCHLD).caught);
  ::signal(SIGCHLD, SIG_DFL);
  EXPECT_EQ(arrived, 1);
}

TEST_F(launcher_test, learns_the_status_though_sigchld_is_ignored) {
  ::signal(SIGCHLD, SIG_IGN);
  process child{[] { std::exit(8); }};
  child.join();
  ::signal(SIGCHLD, SIG_DFL);
  auto status = *child.status();
  if (status.code) // newer kernels remember it
    EXPECT_EQ(status.code, 8);
  else
    EXPECT_NE(to_string(status).find("collected by someone else"),
              std::string::npos);
  EXPECT_FALSE(status.success());
}

TEST_F(launcher_test, survives_a_program_that_collects_all_children) {
  queue<int> go;
  process child{[](queue<int> go) {
                  go.get();
                  std::exit(9);
                },
                go};
  std::thread thief{[] {
    int status = 0;
    while (::waitpid(-1, &status, 0) < 0 && errno == EINTR) {
    }
  }};
  go.put(1);
  child.join();
  thief.join();
  auto status = *child.status();
  EXPECT_TRUE(!status.code || status.code == 9);
  EXPECT_FALSE(status.signal);
  EXPECT_FALSE(child.running());
}

TEST_F(launcher_test, does_not_slow_down_with_the_size_of_the_parent) {
  using clock = std::chrono::steady_clock;
  // Of some starts; of many, as long as none took less than `enough`.
  auto fastest = [](clock::duration enough) {
    auto best = clock::duration::max();
    for (int i = 0; i < 20 || (i < 500 && best >= enough); ++i) {
      auto begin = clock::now();
      process{do_nothing}.join();
      best = std::min(best, clock::now() - begin);
    }
    return best;
  };
  auto small = fastest(clock::duration::max());
  constexpr std::size_t bytes = std::size_t{1} << 30;
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  ::madvise(memory, bytes, MADV_NOHUGEPAGE);
  for (std::size_t at = 0; at < bytes; at += 4096)
    static_cast<char*>(memory)[at] = 1;
  auto large = fastest(small + 10ms);
  ::munmap(memory, bytes);
  // A fork would copy page tables for some 15 ms.
  EXPECT_LT(large, small + 10ms);
}

TEST_F(launcher_test, replaces_variables_of_the_environment) {
  ::setenv("RAMET_TEST_COLOUR", "red", 1);
  ::setenv("RAMET_TEST_COLOUR_2", "blue", 1);
  auto started = detail::launch_program(
      {"/bin/sh",
       {"sh", "-c",
        "[ \"$RAMET_TEST_COLOUR$RAMET_TEST_COLOUR_2\" = greenblue ]"},
       {"RAMET_TEST_COLOUR=green"}},
      "testing");
  EXPECT_TRUE(
      detail::wait_for_end(started.pidfd.get(), detail::deadline::in(20s)));
  EXPECT_TRUE(detail::collect_exit(started.pidfd.get()).success());
  ::unsetenv("RAMET_TEST_COLOUR");
  ::unsetenv("RAMET_TEST_COLOUR_2");
}

TEST_F(launcher_test, keeps_its_variables_from_programs_that_children_start) {
  queue<bool> answers;
  process{[](queue<bool> out) {
            out.put(std::getenv("RAMET_FAMILY") == nullptr
                    && std::getenv("RAMET_PARENT") == nullptr);
          },
          answers}
      .join();
  EXPECT_TRUE(answers.get());
}

TEST_F(launcher_test, shows_the_programs_own_name_to_ps) {
  queue<std::string> answers;
  process{[](queue<std::string> out) {
            std::string name(64, '\0');
            int fd = ::open("/proc/self/comm", O_RDONLY);
            auto size = ::read(fd, name.data(), name.size());
            ::close(fd);
            name.resize(static_cast<std::size_t>(size) - 1);
            out.put(name);
          },
          answers}
      .join();
  auto own = std::filesystem::read_symlink("/proc/self/exe").filename();
  EXPECT_EQ(answers.get(), own.string().substr(0, 15));
}

} // namespace

} // namespace ramet::test
