// expect: the function cannot be called with these arguments
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/pool.hpp>

#include <string>
#include <vector>

double slow(int x);

void start(ramet::pool& pool) {
  pool.map(slow, std::vector<std::string>{"a"});
}
