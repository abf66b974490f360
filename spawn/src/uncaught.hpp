// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The end of a child's exceptions: told on stderr and to the parent.

#pragma once

#include <functional>

namespace ramet::detail {

/// Calls `work`. When an exception escapes it, writes one line on stderr,
/// "ramet: process 'worker-1' (pid 123) <how> std::runtime_error: no such
/// city", and type, message and backtrace into this process's page, where the
/// parent finds it. False then. For the main thread.
bool report_uncaught(const char* how, const std::function<void()>& work);

} // namespace ramet::detail
