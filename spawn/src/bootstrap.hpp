// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// How a launched program learns that it is a child, and what it does then.

#pragma once

#include "family.hpp"

#include <string>
#include <vector>

namespace ramet::detail {

/// Path by which this program can be started again, even when its file was
/// replaced or removed since.
std::string own_program();

/// The variables by which an admitted child finds its family and its parent.
std::vector<std::string> environment_of_child(const family::admission& place);

/// Sets those variables in this process: it was forked, not launched.
void set_environment_of_child(const std::string& passport, int parent);

/// True in a process that a parent has launched.
bool launched_by_parent();

/// Writes out what the standard streams hold, before or at the end of a fork.
void flush_streams();

/// Gives this process the short name that ps and top show of the program.
void restore_short_name();

/// How a child has come into being, which says how it ends.
enum class origin : bool {
  launched, ///< by std::exit(): it has run main() from the beginning
  forked,   ///< by _exit(): what would be destroyed is its parent's
};

/// Runs the function that the parent sent, and ends the process. Exits quietly
/// when the parent is dead by now.
[[noreturn]] void run_as_child(origin from = origin::launched);

} // namespace ramet::detail
