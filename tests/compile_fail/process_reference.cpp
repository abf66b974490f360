// expect: ramet: the function takes a reference
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/process.hpp>

void count(int& total);

void start() {
  int total = 0;
  ramet::process p{count, total};
}
