// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The end of a process that may have children.

#pragma once

#include <functional>

namespace ramet::detail {

/// Has end_runtime() called by std::exit() and by return from main().
void end_runtime_at_exit();

/// Has `stop` called when this process's runtime ends, after its last child has
/// and before it leaves the family. For what has threads that run until
/// then: no child of a fork() has anything to stop. Thread-safe.
void stop_at_runtime_end(std::function<void()> stop);

class face;

/// The end of who has children: terminates those that are daemons, waits for
/// the others. Daemons that are threads go on, as nothing can end them. What
/// goes wrong is told on stderr.
void end_children(const face& whose) noexcept;

/// Ends the children, stops what was to be stopped, and the watcher, and leaves
/// the family. Once; does nothing in a plain fork.
///
/// Of a thread that is a child, by std::exit(), it ends the children of those
/// that have started this one, too; but nobody waits for these.
void end_runtime() noexcept;

} // namespace ramet::detail
