// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The actor that keeps the family's names and groups, in its first process.

#pragma once

#include "well_known.hpp"

#include <caf/actor.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/atom.hpp>

#include <cstdint>

namespace ramet::detail {

using register_atom = caf::atom_constant<caf::atom("register")>;
using unregister_atom = caf::atom_constant<caf::atom("unregister")>;
using find_atom = caf::atom_constant<caf::atom("find")>;
using await_atom = caf::atom_constant<caf::atom("await")>;
using give_up_atom = caf::atom_constant<caf::atom("giveup")>;
using join_atom = caf::atom_constant<caf::atom("join")>;
using leave_atom = caf::atom_constant<caf::atom("leave")>;
using members_atom = caf::atom_constant<caf::atom("members")>;
using subscribe_atom = caf::atom_constant<caf::atom("subscribe")>;
using unsubscribe_atom = caf::atom_constant<caf::atom("unsub")>;

/// Its id for other processes, who know of it without being told.
inline constexpr std::uint64_t registrar_id = well_known_bit;

/// The one of this process, made at the first call; null unless this is the
/// family's first. Does not wait.
caf::strong_actor_ptr own_registrar();

/// That of the family. @throws error closed
caf::actor registrar();

} // namespace ramet::detail
