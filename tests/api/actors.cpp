// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program as users write it: actors in processes, names, supervisors.

#include <ramet/ask.hpp>
#include <ramet/names.hpp>
#include <ramet/node.hpp>
#include <ramet/runtime.hpp>
#include <ramet/supervisor.hpp>

#include <caf/all.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>

using namespace std::chrono_literals;

using deposit = caf::atom_constant<caf::atom("deposit")>;
using account = caf::typed_actor<caf::replies_to<deposit, int>::with<int>>;

struct state {
  int balance = 0;
};

account::behavior_type make_account(account::stateful_pointer<state> self,
                                    int opening) {
  self->state.balance = opening;
  return {[self](deposit, int amount) { return self->state.balance += amount; }};
}

void expect(int found, int wanted) {
  if (found == wanted)
    return;
  std::cerr << "found " << found << ", wanted " << wanted << std::endl;
  std::exit(1);
}

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  ramet::node bank{{.name = "bank"}};
  account acct = bank.spawn(make_account, 100);
  int balance = ramet::ask(acct, deposit::value, 50).get();
  expect(balance, 150);
  ramet::register_as("savings", acct);
  auto same = ramet::whereis<account>("savings");
  expect(ramet::ask(same, deposit::value, 1).get(), 151);
  ramet::supervisor top{
      {.strategy = ramet::one_for_one, .max_restarts = 3, .within = 5s}};
  account stable = top.spawn(make_account, 100);
  expect(ramet::ask(stable, deposit::value, 2).get(), 102);
}
