// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What the tests of managers have in common.

#pragma once

#include "../system/system_test.hpp"
#include "at_rest.hpp"

#include <ramet/manager.hpp>

#include <cstddef>

namespace ramet_test {

/// Fails the test when a process, a descriptor or a shared object is left.
class manager_fixture : public system_test {
protected:
  void SetUp() override {
    {
      ramet::manager first; // what is made once and kept, is made now
      first.value<int>().set(1);
    }
    ASSERT_TRUE(eventually(is_at_rest));
    system_test::SetUp();
  }
};

/// True as soon as the manager has so many objects.
inline bool comes_to(const ramet::manager& m, std::size_t objects) {
  return eventually([&] { return m.object_count() == objects; });
}

} // namespace ramet_test
