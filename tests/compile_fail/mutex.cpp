// expect: a mutex of std works inside one process only: use ramet::mutex
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <mutex>

#include <ramet/codec.hpp>

struct account {
  std::mutex guard;
  int balance;
};

void send(const account& x) {
  ramet::encode(x);
}
