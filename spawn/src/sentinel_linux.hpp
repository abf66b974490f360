// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A descriptor that becomes readable once, as a process's pidfd does.

#pragma once

#include "os_posix.hpp"

namespace ramet::detail {

/// @throws error resource_exhausted
unique_fd make_sentinel();
/// From now on it is readable.
void raise_sentinel(int sentinel) noexcept;

} // namespace ramet::detail
