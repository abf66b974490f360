// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Waiting for descriptors.

#pragma once

#include <ramet/detail/message.hpp>

#include <span>

#include <poll.h>

namespace ramet::detail {

/// Waits until one of them has what it asks for, or is at its end. False: timed
/// out. @param attempted begins the message of an exception
/// @throws error os_failure
bool wait_for_events(std::span<pollfd> all, deadline until,
                     const char* attempted);

} // namespace ramet::detail
