// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "teller.hpp"

#include <chrono>

namespace examples::bank {

namespace {

using namespace std::chrono_literals;
using self_pointer = teller::stateful_pointer<teller_state>;
using step = transfer::step;

/// Each step of a transfer is a change of its own.
change_id id_of(std::uint64_t number, step what) {
  return number * 3 + static_cast<std::uint64_t>(what);
}

void go_on(self_pointer self, std::uint64_t number);

void begin_one(self_pointer self) {
  auto& state = self->state;
  auto pick = [&](std::size_t below) { return state.random() % below; };
  auto count = state.accounts.size();
  auto number = ++state.begun;
  auto from = pick(count);
  auto to = (from + 1 + pick(count - 1)) % count;
  state.open[number] = {from, to, static_cast<std::int64_t>(1 + pick(50))};
  go_on(self, number);
}

void end_one(self_pointer self, std::uint64_t number,
             std::uint64_t outcome::*how) {
  auto& state = self->state;
  ++(state.so_far.*how);
  state.open.erase(number);
  if (state.begun < state.work.transfers)
    begin_one(self);
  else if (state.open.empty())
    state.finished.deliver(state.so_far);
}

void answered(self_pointer self, std::uint64_t number, bool allowed) {
  auto& one = self->state.open.at(number);
  switch (one.next) {
  case step::withdraw:
    if (!allowed)
      return end_one(self, number, &outcome::refused);
    one.next = step::deposit;
    return go_on(self, number);
  case step::deposit:
    if (allowed)
      return end_one(self, number, &outcome::done);
    one.next = step::refund;
    return go_on(self, number);
  case step::refund: // which nobody refuses
    return end_one(self, number, &outcome::refunded);
  }
}

/// Takes the next step, or the same one once more.
void go_on(self_pointer self, std::uint64_t number) {
  auto& state = self->state;
  const auto& one = state.open.at(number);
  const auto& with =
      state.accounts[one.next == step::deposit ? one.to : one.from];
  auto then = [=](bool allowed) { answered(self, number, allowed); };
  // The account's process is gone. Whether it has made the change before, it
  // knows itself when it is back.
  auto lost = [=](const caf::error&) {
    self->delayed_send(self, 10ms, again::value, number);
  };
  auto id = id_of(number, one.next);
  auto ask = [&](auto what) {
    self->request(with, 10s, what, id, one.amount).then(then, lost);
  };
  switch (one.next) {
  case step::withdraw:
    return ask(withdraw::value);
  case step::deposit:
    return ask(deposit::value);
  case step::refund:
    return ask(refund::value);
  }
}

} // namespace

teller::behavior_type make_teller(self_pointer self,
                                  const std::vector<account>& accounts) {
  self->state.accounts = accounts;
  return {
      [self](const job& work) {
        self->state.work = work;
        self->state.finished = self->make_response_promise<outcome>();
        for (std::uint64_t i = 0; i < work.at_a_time; ++i)
          if (self->state.begun < work.transfers)
            begin_one(self);
        return self->state.finished;
      },
      [self](progress) { return self->state.so_far.all(); },
      [self](again, std::uint64_t number) { go_on(self, number); },
  };
}

} // namespace examples::bank
