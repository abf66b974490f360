// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/latch.hpp>

#include "synchronization.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

namespace ramet {

namespace {

using layout = detail::latch_layout;

layout& at(const std::shared_ptr<detail::object>& object) {
  return *reinterpret_cast<layout*>(object->data());
}

} // namespace

latch::latch(std::ptrdiff_t expected) {
  if (expected < 0)
    throw error(errc::protocol,
                fmt::format("making a latch that expects {}: it cannot be "
                            "negative",
                            expected));
  object_ = detail::make_object(
      detail::object_kind::latch, detail::in_pages(sizeof(layout)),
      detail::in_pages(sizeof(layout)), [&](detail::object& made) {
        reinterpret_cast<layout*>(made.data())->left.store(expected);
      });
}

latch::latch(detail::object_ref ref)
    : object_(detail::open_object(
        {ref.object, detail::object_kind::latch, ref.part})) {}

detail::object_ref latch::ref() const {
  return {object_->id(), detail::object_kind::latch, 0};
}

void latch::count_down(std::ptrdiff_t count) {
  auto& shared = at(object_);
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
  return at(object_).left.load(std::memory_order_acquire) == 0;
}

bool latch::wait_until(detail::deadline until) const {
  auto over = [&shared = at(object_)] {
    return shared.left.load(std::memory_order_seq_cst) == 0;
  };
  if (over() || until.is_now())
    return over();
  return object_->attached<detail::waiting_place>().spins.spin(over)
         || at(object_).lot.park(over, until);
}

void latch::wait() const {
  wait_until(detail::deadline::never());
}

void latch::arrive_and_wait(std::ptrdiff_t count) {
  count_down(count);
  wait();
}

} // namespace ramet
