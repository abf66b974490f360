// expect: a lambda with captures cannot travel
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>
#include <vector>

#include <ramet/manager.hpp>

void change(ramet::managed_value<int> v, int by) {
  v.update([by](int& x) { x += by; });
}
