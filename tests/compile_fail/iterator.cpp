// expect: an iterator cannot travel to another process: send the elements, or their positions
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <vector>

#include <ramet/codec.hpp>

void send(std::vector<int>::iterator x) {
  ramet::encode(x);
}
