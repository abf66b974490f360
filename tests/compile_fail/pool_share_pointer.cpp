// expect: a pointer cannot travel to another process
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/pool.hpp>

#include <vector>

void start(ramet::pool& pool) {
  pool.share(std::vector<int*>{});
}
