// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "program.hpp"

#include <chrono>
#include <random>
#include <string>
#include <thread>

namespace ramet::test {

namespace {

using family_end_test = process_fixture;
using clock = std::chrono::steady_clock;

/// A second at most, but for a machine that is busy with other things.
constexpr auto quickly = 15s;

bool is_gone(int pid) {
  return eventually([=] { return ::kill(pid, 0) != 0; });
}

bool is_stopped(int pid) {
  std::string text(256, '\0');
  detail::unique_fd file{
      ::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY)};
  auto size = ::read(file.get(), text.data(), text.size());
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text.find(") T ") != std::string::npos;
}

// -- Ctrl-C -------------------------------------------------------------------

void expect_one_quick_end(program& family, clock::time_point since,
                          const std::string& message) {
  EXPECT_EQ(family.status().code, 130);
  EXPECT_TRUE(family.nobody_left());
  EXPECT_LT(clock::now() - since, quickly);
  EXPECT_EQ(family.errors(), message);
}

TEST_F(family_end_test, comes_after_ctrl_c_with_one_message) {
  program family{{"family_program", "sleep"}};
  family.await("directory", 1);
  family.await("", 4); // three children and the one in the middle
  auto begin = clock::now();
  family.signal_group(SIGINT);
  expect_one_quick_end(family, begin,
                       "ramet: interrupted; ended 4 processes\n");
  EXPECT_EQ(family.rest(), "buffered ");
  EXPECT_FALSE(std::filesystem::exists(family.directory()));
}

TEST_F(family_end_test, comes_when_only_the_root_is_interrupted) {
  program family{{"family_program", "sleep"}};
  family.await("directory", 1);
  family.await("", 4); // three children and the one in the middle
  auto begin = clock::now();
  family.signal(SIGINT);
  expect_one_quick_end(family, begin,
                       "ramet: interrupted; ended 4 processes\n");
}

TEST_F(family_end_test, comes_though_children_ignore_sigterm) {
  program family{{"family_program", "stubborn"}};
  family.await("child", 2);
  auto begin = clock::now();
  family.signal_group(SIGINT);
  expect_one_quick_end(family, begin,
                       "ramet: interrupted; ended 2 processes\n");
}

// It has two children, and says no word but the one it has begun with.
void expect_the_root_is_not_woken(program& family) {
  family.await("child", 2);
  auto begin = clock::now();
  family.signal_group(SIGINT);
  expect_one_quick_end(family, begin,
                       "ramet: interrupted; ended 2 processes\n");
  EXPECT_EQ(family.rest(), "buffered ");
}

TEST_F(family_end_test, does_not_wake_the_root_from_a_queue) {
  program family{{"family_program", "queue"}};
  expect_the_root_is_not_woken(family);
}

TEST_F(family_end_test, comes_to_pools_whatever_they_have_to_do) {
  program family{{"family_program", "pool"}};
  expect_the_root_is_not_woken(family);
}

TEST_F(family_end_test, comes_amid_many_starts) {
  for (int round = 0; round < 5; ++round) {
    program family{{"family_program", "storm"}};
    family.await("directory", 1);
    std::this_thread::sleep_for(std::chrono::milliseconds{7 * round});
    auto begin = clock::now();
    family.signal_group(SIGINT);
    auto status = family.status();
    // Until the first child has started, SIGINT does what it does everywhere.
    EXPECT_TRUE(status.code == 130 || status.signal == SIGINT)
        << to_string(status);
    EXPECT_TRUE(family.nobody_left());
    EXPECT_LT(clock::now() - begin, quickly);
  }
}

TEST_F(family_end_test, does_not_come_when_the_root_ignores_sigint) {
  program family{{"family_program", "ignore"}};
  family.await("child", 1);
  family.signal_group(SIGINT);
  auto child = detail::open_pidfd(family.pid_of("child"));
  EXPECT_FALSE(detail::wait_for_end(child.get(), detail::deadline::in(500ms)));
  EXPECT_EQ(::kill(family.pid(), 0), 0);
  family.signal(SIGKILL);
  EXPECT_TRUE(family.nobody_left());
}

TEST_F(family_end_test, leaves_the_roots_own_handler_alone) {
  program family{{"family_program", "handle"}};
  family.await("child", 1);
  family.signal(SIGINT);
  EXPECT_EQ(family.status().code, 5);
  EXPECT_TRUE(family.nobody_left());
  EXPECT_EQ(family.errors(), "");
}

TEST_F(family_end_test, leaves_a_childs_own_handler_alone) {
  program family{{"family_program", "own_handler_in_child"}};
  family.await("child", 1);
  family.signal_group(SIGINT);
  EXPECT_EQ(family.line(), "exited with 7");
  EXPECT_EQ(family.status().code, 0);
}

// -- the root is killed -------------------------------------------------------

void expect_quick_end_by_a_kill(program& family) {
  auto begin = clock::now();
  family.signal(SIGKILL);
  EXPECT_EQ(family.status().signal, SIGKILL);
  EXPECT_TRUE(family.nobody_left());
  EXPECT_LT(clock::now() - begin, quickly);
  EXPECT_EQ(family.errors(), "");
}

TEST_F(family_end_test, comes_when_the_root_is_killed) {
  program family{{"family_program", "sleep"}};
  family.await("directory", 1);
  family.await("", 4); // three children and the one in the middle
  expect_quick_end_by_a_kill(family);
  EXPECT_EQ(family.rest(), "");
}

TEST_F(family_end_test, comes_when_the_root_is_killed_before_a_childs_main) {
  program family{{"family_program", "sleep"}, {"RAMET_TEST_STOP=1"}};
  family.await("stopped", 1);
  int child = family.pid_of("stopped");
  EXPECT_TRUE(eventually([=] { return is_stopped(child); }));
  family.signal(SIGKILL);
  EXPECT_EQ(family.status().signal, SIGKILL);
  EXPECT_TRUE(eventually([&] {
    family.signal_group(SIGCONT); // those that stopped only now
    while (::waitpid(-family.pid(), nullptr, WNOHANG) > 0) {
    }
    return ::kill(-family.pid(), 0) != 0;
  }));
  EXPECT_EQ(family.errors(), "");
}

TEST_F(family_end_test, comes_whenever_the_root_is_killed) {
  std::mt19937 random{7};
  std::uniform_int_distribution<int> moment{0, 12'000};
  for (int round = 0; round < 25; ++round) {
    program family{{"family_program", round % 2 ? "storm" : "sleep"}};
    std::this_thread::sleep_for(std::chrono::microseconds{moment(random)});
    auto begin = clock::now();
    family.signal(SIGKILL);
    EXPECT_TRUE(family.nobody_left());
    EXPECT_LT(clock::now() - begin, quickly);
    EXPECT_EQ(family.errors(), "");
  }
}

TEST_F(family_end_test, comes_for_grandchildren_when_the_middle_is_killed) {
  program family{{"family_program", "sleep"}};
  family.await("middle", 1);
  family.await("root", 0);
  ::kill(family.pid_of("middle"), SIGKILL);
  EXPECT_TRUE(is_gone(family.pid_of("middle")));
  family.signal_group(SIGINT);
  EXPECT_EQ(family.status().code, 130);
  EXPECT_TRUE(family.nobody_left());
}

// -- the root ends ------------------------------------------------------------

void expect_orderly_end(const char* how) {
  program family{{"family_program", how}};
  auto begin = clock::now();
  family.await("child ends", 0);
  EXPECT_EQ(family.status().code, 3);
  EXPECT_LT(clock::now() - begin, quickly);
  auto text = family.rest();
  EXPECT_NE(text.find("child ends"), std::string::npos) << text;
  EXPECT_TRUE(family.nobody_left());
  EXPECT_EQ(family.errors(), "");
}

TEST_F(family_end_test, terminates_daemons_and_waits_for_others_on_return) {
  expect_orderly_end("daemon");
}

TEST_F(family_end_test, terminates_daemons_and_waits_for_others_on_exit) {
  expect_orderly_end("exit");
}

// -- with pools that nobody has closed ----------------------------------------

void expect_quick_end_with_a_pool(const char* how) {
  program family{{"family_program", how}};
  family.await("directory", 1);
  auto begin = clock::now();
  EXPECT_EQ(family.status().code, 3);
  EXPECT_LT(clock::now() - begin, quickly);
  EXPECT_TRUE(family.nobody_left());
  EXPECT_FALSE(std::filesystem::exists(family.directory()));
  EXPECT_EQ(family.errors(), "");
}

TEST_F(family_end_test, comes_to_an_open_pool_on_return) {
  expect_quick_end_with_a_pool("open_pool");
}

TEST_F(family_end_test, comes_to_an_open_pool_on_exit) {
  expect_quick_end_with_a_pool("open_pool_exit");
}

TEST_F(family_end_test, comes_to_a_static_pool_on_return) {
  expect_quick_end_with_a_pool("static_pool");
}

TEST_F(family_end_test, comes_to_a_static_pool_on_exit) {
  expect_quick_end_with_a_pool("static_pool_exit");
}

TEST_F(family_end_test, comes_to_pools_when_the_root_is_killed) {
  program family{{"family_program", "pool"}};
  family.await("child", 2);
  expect_quick_end_by_a_kill(family);
}

// -- detached children --------------------------------------------------------

TEST_F(family_end_test, does_not_wait_for_a_detached_child) {
  program family{{"family_program", "detach"}};
  EXPECT_EQ(family.status().code, 0);
  family.await("child", 1);
  EXPECT_EQ(::kill(family.pid_of("child"), 0), 0);
  family.signal_group(SIGTERM);
  EXPECT_TRUE(family.nobody_left());
}

TEST_F(family_end_test, does_not_come_for_a_detached_child) {
  program family{{"family_program", "detach_and_sleep"}};
  family.await("child", 2);
  family.signal(SIGKILL);
  family.status();
  // One of the two ends, the other does not.
  EXPECT_TRUE(eventually(
      [&] { return ::waitpid(-family.pid(), nullptr, WNOHANG) > 0; }));
  auto still = ::waitpid(-family.pid(), nullptr, WNOHANG);
  EXPECT_EQ(still, 0);
  family.signal_group(SIGTERM);
  EXPECT_TRUE(family.nobody_left());
}

} // namespace

} // namespace ramet::test
