// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "mailbox_core.hpp"

#include "mailbox_steps.hpp"

#include <ramet/error.hpp>

#include <algorithm>

namespace ramet::detail {

void init_mailbox(mailbox_control& control, std::uint32_t part,
                  std::uint64_t home_offset, std::uint64_t maxsize,
                  bool chained) {
  control.home_offset = home_offset;
  control.maxsize = maxsize;
  control.part = part;
  control.chained = chained;
  control.producers.lock.init();
  control.consumers.lock.init();
}

mailbox_core::mailbox_core(std::uint64_t object, std::byte* data,
                           mailbox_control& control,
                           std::weak_ptr<detail::object> keeper)
    : object_(object), keeper_(std::move(keeper)), control_(control),
      put_segment_({data + control.home_offset, home_capacity}),
      take_segment_({data + control.home_offset, home_capacity}) {}

std::size_t mailbox_core::size() const {
  auto taken = control_.consumers.count.load(std::memory_order_acquire);
  return control_.producers.count.load(std::memory_order_acquire) - taken;
}

// Is there a message? Looks at the producers' count only when all that we knew
// of is taken.
bool mailbox_core::waiting() const {
  auto taken = control_.consumers.count.load(std::memory_order_acquire);
  if (known_put_.load(std::memory_order_acquire) > taken)
    return true;
  auto put = control_.producers.count.load(std::memory_order_acquire);
  known_put_.store(put, std::memory_order_release);
  if (put > taken && put - taken > load(control_.peak_depth))
    control_.peak_depth.store(put - taken, std::memory_order_relaxed);
  return put > taken;
}

void mailbox_core::close() {
  control_.closed.store(1, std::memory_order_seq_cst);
  control_.not_empty.notify_all();
  control_.not_full.notify_all();
  control_.bells.ring(object_, control_.part);
}

void mailbox_core::drop_spare() {
  if (auto id = control_.spare_parcel.exchange(0))
    segment::remove(family::mine().path_of(id));
}

mailbox_stats mailbox_core::stats() const {
  mailbox_stats result;
  result.messages_taken =
      control_.consumers.count.load(std::memory_order_acquire);
  result.messages_put =
      control_.producers.count.load(std::memory_order_acquire);
  result.bytes_put = load(control_.bytes_put);
  result.peak_depth = std::max(load(control_.peak_depth),
                               result.messages_put - result.messages_taken);
  return result;
}

void mailbox_core::task_done() {
  auto done = load(control_.done);
  do {
    if (done >= control_.producers.count.load(std::memory_order_acquire))
      throw error(errc::protocol,
                  "task_done(): called more often than there were messages in "
                  "the queue; call it once a message got");
  } while (!control_.done.compare_exchange_weak(done, done + 1,
                                                std::memory_order_seq_cst));
  if (done + 1 == control_.producers.count.load(std::memory_order_seq_cst))
    control_.all_done.notify_all();
}

bool mailbox_core::join(deadline until) {
  return control_.all_done.park(
      [&] {
        return control_.done.load(std::memory_order_seq_cst)
               == control_.producers.count.load(std::memory_order_seq_cst);
      },
      until);
}

native_handle_type mailbox_core::native_handle() {
  std::scoped_lock lock{bell_guard_};
  if (!has_bell_.load()) {
    if (!bell_)
      bell_ = doorbell{object_, control_.part};
    has_bell_.store(true);
    arm_bell(); // before another thread can have it
  }
  return bell_.fd();
}

void mailbox_core::stop_ringing() {
  std::scoped_lock lock{bell_guard_};
  has_bell_.store(false);
  control_.bells.disarm(family::mine().slot());
}

void mailbox_core::rearm() {
  std::scoped_lock lock{bell_guard_};
  if (has_bell_.load())
    arm_bell();
}

void mailbox_core::after_fork() noexcept {
  std::scoped_lock lock{bell_guard_};
  has_bell_.store(false);
  bell_.leave_to_original();
}

// Needs bell_guard_.
void mailbox_core::arm_bell() {
  bell_.silence();
  control_.bells.arm(family::mine().slot());
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (ready())
    bell_.ring_self();
}

} // namespace ramet::detail
