// expect: a pointer cannot travel to another process
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/pool.hpp>

int* find(int x);

void start(ramet::pool& pool) {
  pool.submit(find, 1);
}
