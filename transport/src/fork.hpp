// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A fork() whose child becomes a member of the family, with handles of its own
/// to all that was open.

#pragma once

#include "family.hpp"

namespace ramet::detail {

/// Before the fork: from now on the child-to-be holds every object that this
/// process has open, so that none can go before it looks. What it holds is in
/// its ledger; if the fork comes to nothing, settle it. Not while other threads
/// open or close handles.
/// @throws error resource_exhausted
void hold_for_fork(const family::admission& child);

/// After it, in the child, which has one thread: makes this process the member
/// that was admitted. Handles stay usable, but for the ends of pipes, which are
/// the original's, and native handles, which are made anew.
/// @throws error os_failure (the family is gone), resource_exhausted
void take_over_after_fork(family::admission child);

} // namespace ramet::detail
