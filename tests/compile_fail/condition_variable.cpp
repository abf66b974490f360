// expect: a condition variable of std works inside one process only: use ramet::condition_variable
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <condition_variable>

#include <ramet/codec.hpp>

void send(const std::condition_variable& x) {
  ramet::encode(x);
}
