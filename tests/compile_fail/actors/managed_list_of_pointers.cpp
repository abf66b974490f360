// expect: a pointer cannot travel
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>
#include <vector>

#include <ramet/manager.hpp>

auto make(ramet::manager& m) {
  return m.list<int*>();
}
