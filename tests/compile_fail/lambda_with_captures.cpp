// expect: a lambda with captures cannot travel to another process: pass what it captures as arguments, or use a struct with operator()
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/codec.hpp>

void send(int captured) {
  ramet::encode([captured] { return captured; });
}
