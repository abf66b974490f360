// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program that starts a process before main().

#include <ramet/error.hpp>
#include <ramet/process.hpp>
#include <ramet/runtime.hpp>

#include <cstdio>

namespace {

struct eager {
  eager() {
    try {
      ramet::process child{[] {}};
      std::puts("started");
    } catch (const ramet::error& refused) {
      std::puts(refused.what());
    }
  }
};

const eager too_early;

} // namespace

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  ramet::process child{[] { std::puts("in time"); }};
  child.join();
}
