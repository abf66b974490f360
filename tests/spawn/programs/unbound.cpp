// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A library that refers to a function which no library has.

void nowhere();

int stay_here(int n) {
  if (n < 0)
    nowhere();
  return n;
}
