// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The end of any process of the family, not only of one's own children.

#pragma once

#include "family.hpp"

#include <cstdint>
#include <functional>

namespace ramet::detail {

/// Has `ended` called once, when that member of the family has ended: by the
/// watcher's thread, or by the caller before this returns if that has happened
/// already. `ended` must be quick and not throw.
/// @throws error resource_exhausted; then nothing is watched
void watch_member(member_id which, std::function<void()> ended);

/// Has `readable` called once, by the watcher's thread, when `fd` is readable.
/// It must be quick and not throw; `fd` must stay open until then.
/// @throws error resource_exhausted; then nothing is watched
void watch_descriptor(int fd, std::function<void()> readable);

/// For the watcher: what it was told to watch under `token` has happened.
/// False if there is no such thing here.
bool on_member_end(std::uint64_t token);

} // namespace ramet::detail
