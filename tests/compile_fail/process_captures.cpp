// expect: a lambda with captures cannot travel to another process
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/process.hpp>

void start() {
  int total = 0;
  ramet::process p{[total] { static_cast<void>(total); }};
}
