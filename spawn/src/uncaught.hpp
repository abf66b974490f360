// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The end of a child's exceptions: told on stderr and to the parent.

#pragma once

#include <ramet/remote_exception.hpp>

#include <functional>
#include <optional>

namespace ramet::detail {

/// Calls `work`. When an exception escapes it, writes one line on stderr,
/// "ramet: process 'worker-1' (pid 123) <how> std::runtime_error: no such
/// city", and returns what is known of it. For threads that are children.
std::optional<remote_exception>
tell_uncaught(const char* how, const std::function<void()>& work);

/// The same, and writes type, message and backtrace into this process's page,
/// where the parent finds it. False then.
bool report_uncaught(const char* how, const std::function<void()>& work);

} // namespace ramet::detail
