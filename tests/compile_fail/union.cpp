// expect: a union does not say which member is alive: use a std::variant
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/codec.hpp>

union number {
  int i;
  double d;
};

void send(number x) {
  ramet::encode(x);
}
