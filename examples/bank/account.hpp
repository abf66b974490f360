// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// An account, as an actor that comes back as it was.

#pragma once

#include <ramet/actor_system.hpp>

#include <caf/atom.hpp>
#include <caf/replies_to.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>

namespace examples::bank {

using withdraw = caf::atom_constant<caf::atom("withdraw")>;
using deposit = caf::atom_constant<caf::atom("deposit")>;
using refund = caf::atom_constant<caf::atom("refund")>;
using balance = caf::atom_constant<caf::atom("balance")>;

/// Each change of an account has a number of its own. Whoever gets no answer to
/// one asks again with the same number, and it is still done once only.
using change_id = std::uint64_t;

/// Withdraws and deposits amounts; the answer is whether the account allows it.
/// A refund, of what was withdrawn from it before, it always does.
using account = caf::typed_actor<
    caf::replies_to<withdraw, change_id, std::int64_t>::with<bool>,
    caf::replies_to<deposit, change_id, std::int64_t>::with<bool>,
    caf::replies_to<refund, change_id, std::int64_t>::with<bool>,
    caf::replies_to<balance>::with<std::int64_t>>;

/// An account tells it that it is open, and where: again after each restart.
struct opened {
  std::uint32_t number = 0;
  int pid = 0;
  account handle;
};
using door = caf::typed_actor<caf::reacts_to<opened>>;

struct account_terms {
  std::uint32_t number = 0;
  std::int64_t opening = 0;
  std::int64_t most = 0; ///< that it may hold; a deposit beyond is refused
  std::filesystem::path journal;
};

class ledger;
struct account_state {
  std::shared_ptr<ledger> entries;
};

account::behavior_type
make_account(account::stateful_pointer<account_state> self,
             const account_terms& terms, const door& told);

} // namespace examples::bank
