// expect: a future of std works inside one process only: use ramet::future, or send the value
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <future>

#include <ramet/codec.hpp>

void send(const std::future<int>& x) {
  ramet::encode(x);
}
