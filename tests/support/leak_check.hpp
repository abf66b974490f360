// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A fixture that fails when a test leaves descriptors or shared objects
/// behind, and what tests of handles have in common.

#pragma once

#include "family.hpp"

#include <ramet/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>

namespace ramet_test {

/// The files of shared objects, chained segments, parcels and bells in this
/// family's directory.
inline std::set<std::string> object_files() {
  std::set<std::string> result;
  for (auto& entry : std::filesystem::directory_iterator(
           ramet::detail::family::mine().directory())) {
    auto name = entry.path().filename().string();
    if (name != "family" && !name.starts_with("process."))
      result.insert(name);
  }
  return result;
}

inline std::size_t open_descriptors() {
  auto all = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(
      std::distance(begin(all), std::filesystem::directory_iterator{}));
}

/// Fails the test when what it made is still there after it. Handles that are
/// members of a test must be let go of in it.
class leak_check : public testing::Test {
protected:
  void SetUp() override {
    files_ = object_files(); // joins or founds the family
    descriptors_ = open_descriptors();
  }
  void TearDown() override {
    EXPECT_EQ(object_files(), files_) << "shared objects were left behind";
    EXPECT_EQ(open_descriptors(), descriptors_) << "descriptors were left open";
  }

private:
  std::set<std::string> files_;
  std::size_t descriptors_ = 0;
};

/// `action` must throw ramet::error with that code, and a message that says all
/// of `parts`.
template <class Action>
void expect_error(ramet::errc code,
                  std::initializer_list<std::string_view> parts,
                  Action&& action) {
  try {
    static_cast<void>(std::invoke(std::forward<Action>(action)));
    ADD_FAILURE() << "nothing was thrown, expected "
                  << make_error_code(code).message();
  } catch (const ramet::error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    for (auto part : parts)
      EXPECT_NE(std::string_view{e.what()}.find(part), std::string_view::npos)
          << "'" << part << "' is missing in: " << e.what();
  }
}

/// Waits, giving the core away, until `happened()`; false after a long time.
template <class Condition>
[[nodiscard]] bool eventually(Condition&& happened) {
  auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!happened()) {
    if (std::chrono::steady_clock::now() > give_up)
      return false;
    std::this_thread::yield();
  }
  return true;
}

/// Longer than anything takes that is not broken.
inline constexpr std::chrono::seconds long_enough{20};

} // namespace ramet_test
