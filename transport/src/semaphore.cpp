// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/semaphore.hpp>

#include "synchronization.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace ramet::detail {

semaphore_layout::state semaphore_layout::state_of(process_slot whose) {
  auto* count = held.of(whose);
  return {available.load(std::memory_order_relaxed),
          count ? count->load(std::memory_order_relaxed) : 0,
          traded.load(std::memory_order_relaxed)};
}

void semaphore_layout::set(process_slot whose, const state& to) {
  available.store(to.available, std::memory_order_seq_cst);
  if (auto* count = held.of(whose))
    count->store(to.held, std::memory_order_relaxed);
  traded.store(to.traded, std::memory_order_relaxed);
}

void semaphore_layout::change(process_slot whose, const state& after) {
  undo.before = state_of(whose);
  undo.whose = whose;
  in_this_order();
  undo.valid.store(1, std::memory_order_release);
  in_this_order();
  set(whose, after);
  in_this_order();
  undo.valid.store(0, std::memory_order_release);
}

void semaphore_layout::repair() {
  if (undo.valid.load(std::memory_order_acquire) == 0)
    return;
  set(undo.whose, undo.before);
  in_this_order();
  undo.valid.store(0, std::memory_order_release);
}

void semaphore_layout::forget(process_slot whose) {
  // Without the guard, which somebody who is stopped may have: nobody but the
  // process itself changes this, and none of its threads is at it any more.
  if (auto* count = held.of(whose))
    count->store(0, std::memory_order_relaxed);
}

void semaphore_layout::bury(process_slot dead, departure how) {
  {
    guarded lock{*this};
    auto after = state_of(dead);
    if (how == departure::died && after.traded == 0)
      after.available = std::min(max, after.available + after.held);
    after.held = 0;
    change(dead, after);
  }
  lot.notify_all();
  guard.bury();
}

namespace {

using layout = semaphore_layout;

object_ptr make(std::ptrdiff_t desired, std::ptrdiff_t max) {
  if (desired < 0 || desired > max)
    throw error(errc::protocol,
                fmt::format("making a semaphore with {} permits: it can have 0 "
                            "to {}",
                            desired, max));
  return make_object(object_kind::semaphore, in_pages(sizeof(layout)),
                     in_pages(offsetof(layout, held)), [&](object& made) {
                       auto& shared = made.as<layout>();
                       shared.guard.init();
                       shared.available.store(desired);
                       shared.max = max;
                       shared.held.mine(made);
                     });
}

bool try_take(layout& shared) {
  if (shared.available.load(std::memory_order_relaxed) == 0)
    return false;
  guarded lock{shared};
  auto me = family::mine().slot();
  auto state = shared.state_of(me);
  if (state.available == 0)
    return false;
  --state.available;
  ++state.held;
  shared.change(me, state);
  return true;
}

} // namespace

semaphore_base::semaphore_base(std::ptrdiff_t desired, std::ptrdiff_t max)
    : synchronizer(make(desired, max)) {}

std::ptrdiff_t semaphore_base::bound() const {
  return object_->as<layout>().max;
}

std::size_t semaphore_base::available() const {
  return static_cast<std::size_t>(object_->as<layout>().available.load());
}

bool semaphore_base::acquire_until(deadline until) {
  auto& shared = object_->as<layout>();
  shared.held.mine(*object_); // has memory from now on
  auto there_is_one = [&] {
    return shared.available.load(std::memory_order_seq_cst) > 0;
  };
  for (;;) {
    if (try_take(shared))
      return true;
    if (until.is_now())
      return false;
    if (!object_->attached<waiting_place>().spins.spin(there_is_one)
        && !shared.lot.park(there_is_one, until))
      return false;
  }
}

void semaphore_base::acquire() {
  acquire_until(deadline::never());
}

bool semaphore_base::try_acquire() {
  return acquire_until(deadline::now());
}

void semaphore_base::release(std::ptrdiff_t count) {
  auto& shared = object_->as<layout>();
  {
    guarded lock{shared};
    auto me = family::mine().slot();
    auto state = shared.state_of(me);
    if (count < 0 || count > shared.max - state.available)
      throw error(errc::protocol,
                  fmt::format("releasing {} permits of a semaphore: {} are "
                              "available of at most {}; release only what was "
                              "acquired",
                              count, state.available, shared.max));
    if (state.held < static_cast<std::uint64_t>(count))
      state.traded = 1;
    state.held -=
        static_cast<std::uint32_t>(std::min<std::uint64_t>(state.held, count));
    state.available += count;
    shared.change(me, state);
  }
  if (count == 1)
    shared.lot.notify_one();
  else
    shared.lot.notify_all();
}

} // namespace ramet::detail
