// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The actor that has one part of the keys, in a process of its own.

#pragma once

#include "batch.hpp"
#include "store.hpp"

#include <ramet/actor_system.hpp>

#include <caf/replies_to.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace examples::kv {

/// What a shard says of itself when it has read its log.
struct shard_report {
  std::uint64_t keys = 0;
  std::uint64_t cut_bytes = 0; ///< of a torn record at the log's end
  std::string cut_file;        ///< where these are now
};

using shard =
    caf::typed_actor<caf::replies_to<command_batch>::with<reply_batch>,
                     caf::replies_to<store::options>::with<shard_report>>;

struct shard_state {
  std::optional<store> data;
};

/// First it is told where its data are, and reads them. Then it runs commands
/// and answers when their changes are in the log. A batch has one commit, so
/// that many clients share the time that the disk takes.
shard::behavior_type make_shard(shard::stateful_pointer<shard_state> self);

} // namespace examples::kv
