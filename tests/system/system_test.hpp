// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The fixture of tests with real processes and real kills, and what they have
/// in common.

#pragma once

#include "children.hpp"
#include "leak_check.hpp"
#include "zygote.hpp"

#include <ramet/process.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <set>
#include <string>

#include <sys/wait.h>

namespace ramet_test {

using namespace std::chrono_literals;

using clock = std::chrono::steady_clock;

/// After a death, everybody else goes on within this time: at once, but where
/// all cores are busy that may take seconds. A lost wake takes for ever.
inline constexpr std::chrono::seconds soon{15};

/// All files of this family, also those of processes.
inline std::set<std::string> family_files() {
  std::set<std::string> result;
  for (auto& entry : std::filesystem::directory_iterator(
           ramet::detail::family::mine().directory()))
    result.insert(entry.path().filename().string());
  return result;
}

/// Fails the test when a process, a descriptor or a shared object is left.
class system_test : public leak_check {
protected:
  void SetUp() override {
    ramet::process{[] {}}.join(); // what is made once and kept, is made now
    leak_check::SetUp();
    files_ = family_files();
    descriptors_ = open_descriptors();
  }

  void TearDown() override {
    ramet::detail::zygote::mine().end(); // else it is kept for the next start
    auto left = ramet::active_children();
    EXPECT_TRUE(left.empty()) << left.size() << " children are left";
    for (auto& child : left) { // of a test that failed
      child.kill();
      child.join();
    }
    left.clear();
    // Children of dead children are the watcher's, in its own thread.
    EXPECT_TRUE(eventually(
        [] { return ramet::detail::children::mine().all().empty(); }));
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child or a zombie";
    EXPECT_EQ(errno, ECHILD);
    EXPECT_TRUE(eventually([&] { return open_descriptors() == descriptors_; }));
    // Actors let go of a dead process's mailbox when they hear of its end.
    EXPECT_TRUE(eventually([&] { return family_files() == files_; }));
    EXPECT_EQ(family_files(), files_);
    leak_check::TearDown();
  }

private:
  std::set<std::string> files_;
  std::size_t descriptors_ = 0;
};

/// Random choices that can be repeated: RAMET_TEST_SEED sets the seed that is
/// printed.
class chance {
public:
  chance() {
    const char* wanted = std::getenv("RAMET_TEST_SEED");
    auto seed = wanted ? std::strtoul(wanted, nullptr, 10) : 7UL;
    std::cout << "random seed " << seed << std::endl;
    engine_.seed(static_cast<std::mt19937::result_type>(seed));
  }
  explicit chance(std::uint32_t seed) : engine_(seed) {}

  /// 0 to limit - 1.
  std::uint32_t below(std::uint32_t limit) {
    return std::uniform_int_distribution<std::uint32_t>{0, limit - 1}(engine_);
  }
  std::chrono::microseconds within(std::chrono::microseconds longest) {
    return std::chrono::microseconds{
        below(static_cast<std::uint32_t>(longest.count()) + 1)};
  }

private:
  std::mt19937 engine_;
};

/// Lets so much time pass, exactly, as the instant of a kill. Waits for
/// nothing.
inline void pass(std::chrono::microseconds time) {
  auto end = clock::now() + time;
  while (clock::now() < end) {
  }
}

/// 'R' runs, 'S' sleeps, 'Z' has ended, 0: there is none.
inline char state_of(int pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  auto name_end = text.rfind(") ");
  return name_end == text.npos ? '\0' : text[name_end + 2];
}

/// Waits until the main thread of `pid` sleeps in the kernel.
inline bool falls_asleep(int pid) {
  return eventually([=] { return state_of(pid) == 'S'; });
}

/// The time that `action` takes.
template <class Action>
clock::duration time_of(Action&& action) {
  auto start = clock::now();
  action();
  return clock::now() - start;
}

} // namespace ramet_test
