// expect: a pointer cannot travel to another process
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/async.hpp>

int* find(int x);

void start() {
  ramet::async(find, 3).get();
}
