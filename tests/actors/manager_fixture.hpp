// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What the tests of managers have in common.

#pragma once

#include "../system/system_test.hpp"

#include <ramet/manager.hpp>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace ramet_test {

/// Whether this process watches another one.
inline bool has_pidfds() {
  return std::ranges::any_of(
      std::filesystem::directory_iterator{"/proc/self/fd"}, [](auto& entry) {
        std::error_code gone; // that of the directory itself
        return std::filesystem::read_symlink(entry.path(), gone)
               == "anon_inode:[pidfd]";
      });
}

/// Fails the test when a process, a descriptor or a shared object is left.
class manager_fixture : public system_test {
protected:
  void SetUp() override {
    {
      ramet::manager first; // what is made once and kept, is made now
      first.value<int>().set(1);
    }
    // Its end is dealt with by other threads; what stays is our own mailbox
    // and its bell.
    ASSERT_TRUE(
        eventually([] { return object_files().size() <= 2 && !has_pidfds(); }));
    system_test::SetUp();
  }
};

/// True as soon as the manager has so many objects.
inline bool comes_to(const ramet::manager& m, std::size_t objects) {
  return eventually([&] { return m.object_count() == objects; });
}

} // namespace ramet_test
