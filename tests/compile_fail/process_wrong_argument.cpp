// expect: ramet: the function cannot be called with these arguments
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/process.hpp>

#include <string>

void work(const std::string& text, int times);

void start() {
  ramet::process p{work, "text", "three"};
}
