// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What every test of processes leaves as it found it.

#pragma once

#include "family.hpp"
#include "watcher.hpp"
#include "zygote.hpp"

#include <ramet/process.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <thread>

#include <sys/wait.h>

namespace ramet::test {

using namespace std::chrono_literals;

inline void do_nothing() {}

inline std::size_t count_files(const std::filesystem::path& directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator{directory}, {}));
}

/// True as soon as `holds()` is; false if that takes longer than anything
/// should. For what other threads and processes are about to do.
template <class Condition>
bool eventually(Condition holds) {
  auto give_up = std::chrono::steady_clock::now() + 20s;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > give_up)
      return false;
    std::this_thread::yield();
  }
  return true;
}

/// Afterwards no child is left, no descriptor, and no shared object.
class process_fixture : public testing::Test {
protected:
  void SetUp() override {
    process{do_nothing}.join();   // what is made once and kept, is made now
    detail::zygote::mine().end(); // but for this, which may come and go
    auto still = detail::watcher::mine().hold_still(); // it lets go of nothing
    descriptors_ = count_files("/proc/self/fd");
    objects_ = count_files(detail::family::mine().directory());
  }

  void TearDown() override {
    detail::zygote::mine().end(); // else it is kept for the next start
    EXPECT_TRUE(active_children().empty());
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child or a zombie";
    // The watcher may still be at adopted ones.
    EXPECT_TRUE(eventually([&] {
      return count_files("/proc/self/fd") == descriptors_;
    })) << count_files("/proc/self/fd")
        << " descriptors, not " << descriptors_;
    EXPECT_TRUE(eventually([&] {
      return count_files(detail::family::mine().directory()) == objects_;
    })) << count_files(detail::family::mine().directory())
        << " objects, not " << objects_;
  }

private:
  std::size_t descriptors_ = 0;
  std::size_t objects_ = 0;
};

} // namespace ramet::test
