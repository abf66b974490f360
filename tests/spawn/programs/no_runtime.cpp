// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program that starts processes and never makes a runtime.

#include <ramet/error.hpp>
#include <ramet/process.hpp>

#include <cstdio>

int main() {
  try {
    ramet::process child{[] {}};
    std::puts("started");
  } catch (const ramet::error& refused) {
    std::puts(refused.code() == ramet::errc::protocol ? "protocol" : "other");
    std::puts(refused.what());
  }
}
