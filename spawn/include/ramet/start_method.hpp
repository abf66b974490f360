// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The ways in which a process can come into being.

#pragma once

#include <string_view>

namespace ramet {

/// How a child is made. What cannot be done throws `error` with errc::protocol
/// where the child would start.
///
/// A program means the same by each of them, but for what cannot be: a thread
/// shares its process's pid and variables, and nothing can end it from outside.
/// The guide has the list: "Start methods".
enum class start_method {
  /// The own program anew, from main(). Works everywhere.
  spawn,
  /// A fork of the zygote: a process of the own program that has no threads and
  /// waits in its runtime's constructor. The first start makes it. Not for
  /// programs that have threads or make handles before their runtime.
  forkserver,
  /// A fork of this very process, with its globals as they are. Not while it
  /// has other threads, the library's (pools, callbacks, actors) included.
  fork,
  thread, ///< A thread of this process with the face of a process.
};

/// "spawn", "forkserver", "fork", "thread".
std::string_view to_string(start_method method) noexcept;

/// What a process starts with when its options do not say. `spawn` at first.
/// Thread-safe.
start_method default_start_method() noexcept;

/// Sets it for this process; children begin with `spawn` again, but for those
/// by `fork`. A child that is a thread has one of its own, and begins with that
/// of its parent. Thread-safe.
/// @throws error protocol when this version does not have the method
void set_default_start_method(start_method method);

} // namespace ramet
