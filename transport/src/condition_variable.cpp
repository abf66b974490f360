// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/condition_variable.hpp>

#include "synchronization.hpp"

#include <algorithm>

namespace ramet {

namespace detail {

// Whoever came before goes on, so none of them is counted any more.
void condition_layout::repair() {
  era.fetch_add(1, std::memory_order_seq_cst);
  in_this_order();
  entered.store(0, std::memory_order_seq_cst);
  permitted.store(0, std::memory_order_seq_cst);
  taken.store(0, std::memory_order_seq_cst);
}

void condition_layout::bury() {
  {
    guarded lock{*this};
    repair();
  }
  lot.notify_all();
  guard.bury();
}

bool condition_layout::has_permit_for(std::uint64_t arrival) const {
  auto given = permitted.load(std::memory_order_seq_cst);
  return given > arrival && taken.load(std::memory_order_seq_cst) < given;
}

} // namespace detail

namespace {

using layout = detail::condition_layout;

} // namespace

condition_variable::condition_variable()
    : synchronizer(detail::make_object(
        detail::object_kind::condition_variable,
        detail::in_pages(sizeof(layout)), detail::in_pages(sizeof(layout)),
        [](detail::object& made) { made.as<layout>().guard.init(); })) {}

condition_variable::arrival condition_variable::enter() {
  auto& shared = object_->as<layout>();
  detail::guarded lock{shared};
  shared.entered.fetch_add(1, std::memory_order_seq_cst);
  return {shared.era.load(), shared.permitted.load()};
}

bool condition_variable::sleep(const arrival& since, detail::deadline until) {
  auto& shared = object_->as<layout>();
  auto due = [&] {
    return shared.era.load(std::memory_order_seq_cst) != since.era
           || shared.has_permit_for(since.permitted);
  };
  for (;;) {
    bool in_time = object_->attached<detail::waiting_place>().spins.spin(due)
                   || shared.lot.park(due, until);
    detail::guarded lock{shared};
    if (shared.era.load() != since.era)
      return true;
    if (due()) {
      shared.taken.fetch_add(1, std::memory_order_seq_cst);
      return true;
    }
    if (!in_time) {
      shared.entered.fetch_sub(1, std::memory_order_seq_cst);
      return false;
    }
  }
}

void condition_variable::give_up(const arrival& since) noexcept {
  auto& shared = object_->as<layout>();
  {
    detail::guarded lock{shared};
    if (shared.era.load() != since.era)
      return;
    if (!shared.has_permit_for(since.permitted)) {
      shared.entered.fetch_sub(1, std::memory_order_seq_cst);
      return;
    }
    // Notified already: another one goes on instead, if there is one.
    shared.taken.fetch_add(1, std::memory_order_seq_cst);
  }
  notify_one();
}

void condition_variable::notify_n(std::size_t count) {
  auto& shared = object_->as<layout>();
  // Whoever waits for what the caller has changed, came before that. In this
  // order: one who comes between, and is notified, must not hide another.
  auto permitted = shared.permitted.load(std::memory_order_seq_cst);
  if (shared.entered.load(std::memory_order_seq_cst) == permitted)
    return;
  detail::guarded lock{shared};
  auto waiting = shared.entered.load() - shared.permitted.load();
  auto more = std::min<std::uint64_t>(waiting, count);
  shared.permitted.fetch_add(more, std::memory_order_seq_cst);
  // Under the guard: all that sleep now came before, and may take a permit.
  if (more == waiting)
    shared.lot.notify_all();
  else
    for (std::uint64_t i = 0; i < more; ++i)
      shared.lot.notify_one();
}

void condition_variable::notify_all() {
  notify_n(static_cast<std::size_t>(-1));
}

} // namespace ramet
