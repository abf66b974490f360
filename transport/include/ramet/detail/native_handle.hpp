// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The operating system's own name for something that can be waited on.

#pragma once

namespace ramet {

/// A file descriptor, on POSIX.
using native_handle_type = int;

} // namespace ramet
