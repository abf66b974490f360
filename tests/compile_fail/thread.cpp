// expect: a thread cannot travel to another process: start a ramet::process
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <thread>

#include <ramet/codec.hpp>

void send(const std::thread& x) {
  ramet::encode(x);
}
