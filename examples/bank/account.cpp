// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "account.hpp"

#include "ledger.hpp"

#include <ramet/this_process.hpp>

#include <limits>

namespace examples::bank {

account::behavior_type
make_account(account::stateful_pointer<account_state> self,
             const account_terms& terms, const door& told) {
  auto entries = std::make_shared<ledger>(terms.journal, terms.opening);
  self->state.entries = entries;
  self->send(told, opened{terms.number, ramet::this_process().pid(),
                          caf::actor_cast<account>(self)});
  return {
      [=](withdraw, change_id id, std::int64_t amount) {
        return entries->change(id, -amount, terms.most);
      },
      [=](deposit, change_id id, std::int64_t amount) {
        return entries->change(id, amount, terms.most);
      },
      [=](refund, change_id id, std::int64_t amount) {
        return entries->change(id, amount,
                               std::numeric_limits<std::int64_t>::max());
      },
      [=](balance) { return entries->balance(); },
  };
}

} // namespace examples::bank
