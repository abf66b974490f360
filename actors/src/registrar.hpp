// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The actor that keeps the family's names and groups, in its first process.

#pragma once

#include "well_known.hpp"

#include <ramet/detail/caf_compat.hpp>

#include <caf/actor.hpp>
#include <caf/actor_control_block.hpp>

#include <cstdint>

namespace ramet::detail {

using register_atom = caf_compat::atom<"register">;
using unregister_atom = caf_compat::atom<"unregister">;
using find_atom = caf_compat::atom<"find">;
using await_atom = caf_compat::atom<"await">;
using give_up_atom = caf_compat::atom<"giveup">;
using join_atom = caf_compat::atom<"join">;
using leave_atom = caf_compat::atom<"leave">;
using members_atom = caf_compat::atom<"members">;
using subscribe_atom = caf_compat::atom<"subscribe">;
using unsubscribe_atom = caf_compat::atom<"unsub">;

/// Its id for other processes, who know of it without being told.
inline constexpr std::uint64_t registrar_id = well_known_bit;

/// The one of this process, made at the first call; null unless this is the
/// family's first. Does not wait.
caf::strong_actor_ptr own_registrar();

/// That of the family. @throws error closed
caf::actor registrar();

} // namespace ramet::detail
