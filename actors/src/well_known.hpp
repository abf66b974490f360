// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Actors that other processes know of without having been told.

#pragma once

#include <caf/actor_control_block.hpp>

#include <cstdint>

namespace ramet::detail {

/// Ids of this kind are those of well-known actors. No actor that CAF makes has
/// one: it counts from 1. Each is listed in well_known.cpp, with what makes it.
inline constexpr std::uint64_t well_known_bit = std::uint64_t{1} << 62;

/// The one of this process that others call by `id`, made at the first call.
/// Null when there is none, or none in this process. Does not wait.
caf::strong_actor_ptr well_known_actor(std::uint64_t id);

} // namespace ramet::detail
