// expect: an atomic works inside one process only: use ramet::shared_value
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <atomic>

#include <ramet/codec.hpp>

struct counter {
  std::atomic<int> hits;
};

void send(const counter& x) {
  ramet::encode(x);
}
