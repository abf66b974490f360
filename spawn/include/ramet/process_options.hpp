// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What can be chosen when a process starts.

#pragma once

#include <ramet/process_setup.hpp>
#include <ramet/start_method.hpp>

#include <optional>
#include <string>

namespace ramet {

/// The first argument of `process`, in braces; all members have defaults.
///
/// @code
/// ramet::process p{{.name = "worker-1", .daemon = true}, work, 42};
/// @endcode
struct process_options {
  /// Shown in messages and by this_process().name() in the child. Empty:
  /// "Process-1" and so on, "Process-1:2" for the second child of the first.
  std::string name = {};
  /// True: the child is terminated when this process's runtime ends. False: it
  /// is waited for. Not set: as this process itself is.
  std::optional<bool> daemon = {};
  /// Not set: default_start_method().
  std::optional<start_method> start = {};
  /// Path of the program that the child runs. Empty: this very program. Another
  /// one must be of the same build, or the child fails and says so.
  std::string executable = {};
  /// Limits, working directory, environment, standard streams and more.
  process_setup setup = {};
};

} // namespace ramet
