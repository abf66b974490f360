// expect: begin
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>
#include <vector>

#include <ramet/manager.hpp>

int sum(ramet::managed_list<int> l) {
  int result = 0;
  for (int x : l)
    result += x;
  return result;
}
