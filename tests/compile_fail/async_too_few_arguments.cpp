// expect: the function cannot be called with these arguments
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/async.hpp>

double power(double x, int n);

void start() {
  double y = ramet::async(power, 3.0).get();
}
