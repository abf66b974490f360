// expect: the function takes a reference: a process has memory of its own
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/pool.hpp>

#include <vector>

void fill(std::vector<int>& xs);

void start(ramet::pool& pool) {
  std::vector<int> xs;
  pool.submit(fill, xs);
}
