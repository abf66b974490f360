// expect: a pointer cannot travel to another process
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/process.hpp>

void work(int* where);

void start() {
  int here = 0;
  ramet::process p{work, &here};
}
