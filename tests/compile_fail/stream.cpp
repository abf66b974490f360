// expect: a stream cannot travel to another process: send the file's path, or its contents
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <fstream>

#include <ramet/codec.hpp>

void send(const std::ofstream& x) {
  ramet::encode(x);
}
