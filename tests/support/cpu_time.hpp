// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What this process has used of the processors.

#pragma once

#include <chrono>

#include <time.h>

namespace ramet_test {

inline std::chrono::nanoseconds own_cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return std::chrono::seconds{used.tv_sec}
         + std::chrono::nanoseconds{used.tv_nsec};
}

} // namespace ramet_test
