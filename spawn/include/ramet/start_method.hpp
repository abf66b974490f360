// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The ways in which a process can come into being.

#pragma once

#include <string_view>

namespace ramet {

/// How a child is made. This version has `spawn` and `thread`; asking for
/// another one throws `error` with errc::protocol where the child would start.
///
/// A program means the same by each of them, but for what cannot be: a thread
/// shares its process's pid and variables, and nothing can end it from outside.
/// The guide has the list: "Start methods".
enum class start_method {
  spawn,      ///< The own program anew, from main(). Works everywhere.
  forkserver, ///< A fork of a template process that has no threads.
  fork,       ///< A fork of this very process.
  thread,     ///< A thread of this process with the face of a process.
};

/// "spawn", "forkserver", "fork", "thread".
std::string_view to_string(start_method method) noexcept;

/// What a process starts with when its options do not say. `spawn` at first.
/// Thread-safe.
start_method default_start_method() noexcept;

/// Sets it for this process; children begin with `spawn` again. A child that is
/// a thread has one of its own, and begins with that of its parent.
/// Thread-safe.
/// @throws error protocol when this version does not have the method
void set_default_start_method(start_method method);

} // namespace ramet
