// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// main of every test program that starts processes.

#include <ramet/runtime.hpp>

#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>

int main(int argc, char** argv) {
  // What runs in the background of a shell, or by nohup, does not hear these.
  if (!std::getenv("RAMET_FAMILY"))
    for (int signal : {SIGINT, SIGQUIT, SIGHUP})
      std::signal(signal, SIG_DFL);
  // Before GoogleTest: a child's arguments are not its business, and a child
  // runs its function here instead of the tests.
  ramet::runtime rt{argc, argv};
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
