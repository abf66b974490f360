// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The actor that moves money between accounts.

#pragma once

#include "account.hpp"

#include <caf/typed_response_promise.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <unordered_map>
#include <vector>

namespace examples::bank {

/// What became of the transfers.
struct outcome {
  std::uint64_t done = 0;     ///< the money has moved
  std::uint64_t refused = 0;  ///< there was too little
  std::uint64_t refunded = 0; ///< there was no room, so it went back

  std::uint64_t all() const { return done + refused + refunded; }
};

struct job {
  std::uint64_t transfers = 0;
  std::uint64_t at_a_time = 0;
};

using again = caf::atom_constant<caf::atom("again")>;
using progress = caf::atom_constant<caf::atom("progress")>;

/// Does a job of random transfers and answers when all have come to an end.
using teller = caf::typed_actor<caf::replies_to<job>::with<outcome>,
                                caf::replies_to<progress>::with<std::uint64_t>,
                                caf::reacts_to<again, std::uint64_t>>;

/// One transfer: a conversation with two accounts.
struct transfer {
  enum class step { withdraw, deposit, refund };

  std::size_t from = 0;
  std::size_t to = 0;
  std::int64_t amount = 0;
  step next = step::withdraw;
};

struct teller_state {
  std::vector<account> accounts;
  std::unordered_map<std::uint64_t, transfer> open;
  std::uint64_t begun = 0;
  job work;
  outcome so_far;
  std::mt19937 random{1};
  caf::typed_response_promise<outcome> finished;
};

teller::behavior_type make_teller(teller::stateful_pointer<teller_state> self,
                                  const std::vector<account>& accounts);

} // namespace examples::bank
