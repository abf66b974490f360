// expect: a std::function cannot travel to another process
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <functional>

#include <ramet/codec.hpp>

void send(const std::function<void()>& x) {
  ramet::encode(x);
}
