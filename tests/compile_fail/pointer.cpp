// expect: a pointer cannot travel to another process: send the value it points to
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/codec.hpp>

void send(int* x) {
  ramet::encode(x);
}
