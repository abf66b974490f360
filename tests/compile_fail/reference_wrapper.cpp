// expect: a reference cannot travel to another process: send a copy of the value
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <functional>

#include <ramet/codec.hpp>

void send(std::reference_wrapper<int> x) {
  ramet::encode(x);
}
