// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program with a runtime, to be started in place of another.

#include <ramet/runtime.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  std::puts("main goes on");
}
