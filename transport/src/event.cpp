// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/event.hpp>

#include "synchronization.hpp"

namespace ramet {

namespace {

using layout = detail::event_layout;

constexpr std::uint64_t set_bit = 1;
constexpr std::uint64_t one_time = 2;

} // namespace

event::event()
    : synchronizer(detail::make_object(
        detail::object_kind::event, detail::in_pages(sizeof(layout)),
        detail::in_pages(sizeof(layout)), [](detail::object&) {})) {}

void event::set() {
  auto& shared = object_->as<layout>();
  auto word = shared.word.load(std::memory_order_seq_cst);
  while (!(word & set_bit)
         && !shared.word.compare_exchange_weak(
             word, (word + one_time) | set_bit, std::memory_order_seq_cst)) {
  }
  // Also if it was set: whoever did that may be stopped before this.
  shared.lot.notify_all();
}

void event::clear() {
  object_->as<layout>().word.fetch_and(~set_bit, std::memory_order_seq_cst);
}

bool event::is_set() const {
  return object_->as<layout>().word.load(std::memory_order_acquire) & set_bit;
}

bool event::wait_until(detail::deadline until) const {
  auto& shared = object_->as<layout>();
  auto before = shared.word.load(std::memory_order_seq_cst);
  auto happened = [&] {
    auto word = shared.word.load(std::memory_order_seq_cst);
    return (word & set_bit) || word != before;
  };
  if ((before & set_bit) || until.is_now())
    return before & set_bit;
  return object_->attached<detail::waiting_place>().spins.spin(happened)
         || shared.lot.park(happened, until);
}

void event::wait() const {
  wait_until(detail::deadline::never());
}

} // namespace ramet
