// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Tests that take away what a sanitizer needs for itself: it reserves
/// terabytes of addresses when a program starts, and opens descriptors when it
/// looks at types.

#pragma once

#include <gtest/gtest.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
/// Leaves the rest of a test out if there is a sanitizer.
#define RAMET_SKIP_WITH_SANITIZER(NEED)                                        \
  GTEST_SKIP() << "not with a sanitizer, which needs " NEED
#else
#define RAMET_SKIP_WITH_SANITIZER(NEED) static_cast<void>(0)
#endif
