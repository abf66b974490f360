// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Processors, and the memory of processes.

#pragma once

#include <cstddef>

namespace ramet::detail {

/// Lets the calling thread, and those that it makes, run only on the processor
/// number `index` of those that this process may use, counted round.
/// @throws error os_failure
void pin_to_processor(std::size_t index);

/// How many processors this process may use; at least 1.
std::size_t processors();

/// What a process has in memory of its own and shared, in bytes; 0 if it has
/// ended.
std::size_t resident_bytes(int pid);

} // namespace ramet::detail
