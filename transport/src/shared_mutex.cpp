// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/shared_mutex.hpp>

#include "mutex_holder.hpp"
#include "synchronization.hpp"

#include <ramet/error.hpp>

#include <cstddef>

namespace ramet {

namespace detail {

bool shared_mutex_layout::has_readers() const {
  bool result = false;
  header.holders.for_each([&](process_slot slot) {
    auto* count = readers.of(slot);
    result |= count && count->load(std::memory_order_seq_cst) != 0;
  });
  return result;
}

// A writer says that it comes, then counts readers; this goes the other way
// round. So one of both sees the other.
void shared_mutex_layout::leave(std::atomic<std::uint32_t>& own_readers) {
  if (own_readers.fetch_sub(1, std::memory_order_seq_cst) == 1
      && writer.load(std::memory_order_seq_cst) != none)
    drained.notify_one();
}

void shared_mutex_layout::forget(process_slot whose) {
  auto* count = readers.of(whose);
  if (count && count->exchange(0, std::memory_order_seq_cst) != 0)
    drained.notify_all();
}

void shared_mutex_layout::bury(process_slot dead) {
  forget(dead);
  drained.notify_all(); // the dead may have been about to
  mutex.bury();
}

} // namespace detail

namespace {

using layout = detail::shared_mutex_layout;
using detail::lock_result;

constexpr auto kind = "a shared mutex";

// The mutex is held, its last owner was killed. True: he may have changed what
// it guards.
bool was_writing(const std::shared_ptr<detail::object>& object) {
  auto& shared = object->as<layout>();
  shared.mutex.recovered();
  // No more by the dead, should it be a thread of ours.
  static_cast<void>(object->attached<detail::mutex_holder>().leave());
  return shared.writer.exchange(layout::none, std::memory_order_seq_cst)
         == layout::writing;
}

// The same; if so, it is free again.
void require_unspoilt(const std::shared_ptr<detail::object>& object) {
  if (!was_writing(object))
    return;
  object->as<layout>().mutex.unlock();
  detail::throw_owner_died(kind);
}

} // namespace

shared_mutex::shared_mutex()
    : synchronizer(detail::make_object(
        detail::object_kind::shared_mutex, detail::in_pages(sizeof(layout)),
        detail::in_pages(offsetof(layout, readers)), [](detail::object& made) {
          auto& shared = made.as<layout>();
          shared.mutex.init();
          shared.readers.mine(made);
        })) {}

bool shared_mutex::lock_until(detail::deadline until) {
  auto& shared = object_->as<layout>();
  auto& holder = object_->attached<detail::mutex_holder>();
  auto result = shared.mutex.lock_until(until);
  if (result == lock_result::timed_out)
    return false;
  if (result == lock_result::owner_died)
    require_unspoilt(object_);
  shared.writer.store(layout::draining, std::memory_order_seq_cst);
  auto drained = [&] { return !shared.has_readers(); };
  if (!drained() && !shared.drained.park(drained, until)) {
    shared.writer.store(layout::none, std::memory_order_seq_cst);
    shared.mutex.unlock();
    return false;
  }
  shared.writer.store(layout::writing, std::memory_order_seq_cst);
  holder.enter(object_);
  return true;
}

void shared_mutex::lock() {
  lock_until(detail::deadline::never());
}

bool shared_mutex::try_lock() {
  return lock_until(detail::deadline::now());
}

void shared_mutex::unlock() {
  auto& shared = object_->as<layout>();
  auto& holder = object_->attached<detail::mutex_holder>();
  if (!holder.is_this_thread())
    detail::throw_not_held(kind);
  auto last = holder.leave();
  shared.writer.store(layout::none, std::memory_order_seq_cst);
  shared.mutex.unlock();
}

bool shared_mutex::lock_shared_until(detail::deadline until) {
  auto& shared = object_->as<layout>();
  auto& own = shared.readers.mine(*object_);
  for (;;) {
    own.fetch_add(1, std::memory_order_seq_cst);
    if (shared.writer.load(std::memory_order_seq_cst) == layout::none)
      return true;
    shared.leave(own);
    auto result = shared.mutex.lock_until(until);
    if (result == lock_result::owner_died) {
      require_unspoilt(object_);
    } else if (result == lock_result::timed_out) {
      if (shared.writer.load(std::memory_order_seq_cst) == layout::none)
        continue; // it was a reader on its way, like us
      return false;
    }
    own.fetch_add(1, std::memory_order_seq_cst); // nobody writes now
    shared.mutex.unlock();
    return true;
  }
}

void shared_mutex::lock_shared() {
  lock_shared_until(detail::deadline::never());
}

bool shared_mutex::try_lock_shared() {
  return lock_shared_until(detail::deadline::now());
}

void shared_mutex::unlock_shared() {
  auto& shared = object_->as<layout>();
  auto& own = shared.readers.mine(*object_);
  if (own.load(std::memory_order_relaxed) == 0)
    throw error(errc::protocol,
                "unlocking a shared mutex that no thread of this process holds "
                "to read");
  shared.leave(own);
}

bool shared_mutex::try_recover() {
  auto& shared = object_->as<layout>();
  auto result = shared.mutex.try_lock();
  if (result == lock_result::timed_out)
    return false;
  if (result == lock_result::owner_died && was_writing(object_)) {
    shared.writer.store(layout::writing, std::memory_order_seq_cst);
    object_->attached<detail::mutex_holder>().enter(object_);
    return true;
  }
  shared.mutex.unlock();
  return false;
}

} // namespace ramet
