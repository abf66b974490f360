// expect: a std::function cannot travel to another process
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/process.hpp>

#include <functional>

void start() {
  ramet::process p{std::function<void()>{[] {}}};
}
