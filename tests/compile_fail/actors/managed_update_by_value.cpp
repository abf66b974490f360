// expect: would change a copy
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>
#include <vector>

#include <ramet/manager.hpp>

void change(ramet::managed_dict<std::string, int> d) {
  d.update("k", [](int v) { ++v; });
}
