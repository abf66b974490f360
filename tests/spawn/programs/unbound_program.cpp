// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program that runs because its symbols are bound when they are first used.

#include <ramet/process.hpp>
#include <ramet/runtime.hpp>

#include <cstdio>
#include <cstdlib>

int stay_here(int n);

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  for (int i = 0; i < 2; ++i) {
    ramet::process child{{.start = ramet::start_method::forkserver},
                         [](int n) { std::exit(stay_here(n)); },
                         i};
    child.join();
    std::printf("%d\n", child.status()->code.value());
  }
}
