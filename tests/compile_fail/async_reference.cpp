// expect: the function takes a reference: a process has memory of its own
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/async.hpp>

int count(int& total);

void start() {
  int total = 0;
  ramet::async(count, total).get();
}
