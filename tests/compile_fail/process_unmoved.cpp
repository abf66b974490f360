// expect: ramet: an argument has one owner and cannot be copied
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/pipe.hpp>
#include <ramet/process.hpp>

void talk(ramet::connection pipe);

void start() {
  auto [here, there] = ramet::pipe();
  ramet::process p{talk, there};
}
