// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/latch.hpp>

#include "synchronization.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

namespace ramet {

namespace {

using layout = detail::latch_layout;

detail::object_ptr make(std::ptrdiff_t expected) {
  if (expected < 0)
    throw error(errc::protocol,
                fmt::format("making a latch that expects {}: it cannot be "
                            "negative",
                            expected));
  return detail::make_object(
      detail::object_kind::latch, detail::in_pages(sizeof(layout)),
      detail::in_pages(sizeof(layout)),
      [&](detail::object& made) { made.as<layout>().left.store(expected); });
}

} // namespace

latch::latch(std::ptrdiff_t expected) : synchronizer(make(expected)) {}

void latch::count_down(std::ptrdiff_t count) {
  auto& shared = object_->as<layout>();
  auto left = shared.left.load(std::memory_order_seq_cst);
  do {
    if (count < 0 || count > left)
      throw error(errc::protocol,
                  fmt::format("counting a latch down by {}: {} are left; each "
                              "must count once",
                              count, left));
  } while (!shared.left.compare_exchange_weak(left, left - count,
                                              std::memory_order_seq_cst));
  if (left == count)
    shared.lot.notify_all();
}

bool latch::try_wait() const {
  return object_->as<layout>().left.load(std::memory_order_acquire) == 0;
}

bool latch::wait_until(detail::deadline until) const {
  auto over = [&shared = object_->as<layout>()] {
    return shared.left.load(std::memory_order_seq_cst) == 0;
  };
  if (over() || until.is_now())
    return over();
  return object_->attached<detail::waiting_place>().spins.spin(over)
         || object_->as<layout>().lot.park(over, until);
}

void latch::wait() const {
  wait_until(detail::deadline::never());
}

void latch::arrive_and_wait(std::ptrdiff_t count) {
  count_down(count);
  wait();
}

} // namespace ramet
