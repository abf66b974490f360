// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The end of a process that may have children.

#pragma once

namespace ramet::detail {

/// Has end_runtime() called by std::exit() and by return from main().
void end_runtime_at_exit();

/// Terminates the children that are daemons, waits for the others, stops the
/// watcher and leaves the family. Once; does nothing in a plain fork.
void end_runtime() noexcept;

} // namespace ramet::detail
