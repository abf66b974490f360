// expect: a lambda with captures cannot travel to another process
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/pool.hpp>

#include <vector>

void start(ramet::pool& pool, int factor) {
  pool.map([factor](int x) { return factor * x; }, std::vector{1, 2});
}
