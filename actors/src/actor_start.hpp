// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The start of an actor for somebody who waits for it, in this process or
/// another.

#pragma once

#include "family.hpp"
#include <ramet/detail/caf_compat.hpp>

#include <ramet/detail/message.hpp>
#include <ramet/detail/message_types.hpp>
#include <ramet/detail/question.hpp>
#include <ramet/detail/remote_spawn.hpp>

#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/message_id.hpp>
#include <caf/resumable.hpp>

#include <memory>
#include <optional>

namespace ramet::detail {

/// What came of it. The actor has taken up its behavior, or has ended; one that
/// blocks may have done nothing yet.
struct started_actor {
  caf::strong_actor_ptr actor; ///< null: its constructor threw
  std::optional<caf::error> ended;
};

using started_actor_state = answer_state<started_actor>;

/// Makes the actor and answers `question` of `asked_by` with a started_actor.
caf::resumable* make_start(std::unique_ptr<spawn_job> job,
                           caf::strong_actor_ptr asked_by,
                           caf::message_id question);

/// Has the call made there. @throws what encoding throws, resource_exhausted
std::shared_ptr<started_actor_state>
start_actor_at(member_id where, spawn_entry entry, const outgoing& call);

/// Has the call made in this process. It goes through the same bytes as to
/// another one, so that the arguments are new ones, too.
std::shared_ptr<started_actor_state> start_actor_here(spawn_entry entry,
                                                      const outgoing& call);

/// Why it ended, for a message; "normal" for no error.
std::string reason_text(const caf::error& reason);

} // namespace ramet::detail
