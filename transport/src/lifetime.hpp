// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The end of things: what happens to an object when its last holder lets go,
/// and when one of its holders dies.

#pragma once

#include "family.hpp"

#include <ramet/detail/message.hpp>

#include <cstddef>
#include <cstdint>

namespace ramet::detail {

/// Frees an object that nobody holds: its unread messages let go of what they
/// hold, then its files are removed. May be repeated. Never throws.
void free_object(std::uint64_t id, std::byte* data) noexcept;

/// Puts an object right after the death of a holder: repairs locks that it
/// died in, closes what it owned, wakes everybody who waits, frees the object
/// if nobody else holds it. May be repeated. Never throws.
void bury_holder(std::uint64_t id, process_slot dead) noexcept;

/// A message that holds `ref` is about to be published.
/// @throws error closed when the sender does not own that pipe end any more
void hold_by_message(object_ref ref);

/// The message is gone; a pipe end that nobody took out of it is closed.
void release_by_message(object_ref ref) noexcept;

/// After the death of somebody who was at one of the above, nobody knows how
/// far: closes a pipe end that went astray. A hold that may be one too many
/// stays; better the object lives as long as the family than too short.
void settle_by_message(object_ref ref) noexcept;

} // namespace ramet::detail
