// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// An exception that ended another process, as its parent sees it.

#pragma once

#include <string>

namespace ramet {

/// What is known of an exception that nobody caught in a child. Texts longer
/// than the page that carries them are cut.
struct remote_exception {
  std::string type;      ///< Demangled, say "std::runtime_error".
  std::string message;   ///< what(), empty for other types than std::exception.
  std::string backtrace; ///< Where it was thrown, a frame a line; may be empty.
  std::string name;      ///< The process that it ended...
  int pid = 0;           ///< ...and that process's id.
};

/// "process 'worker-1' (pid 123) ended by an uncaught std::runtime_error: no
/// such city", the backtrace on the lines below.
std::string to_string(const remote_exception& exception);

} // namespace ramet
