// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/mutex.hpp>

#include "layouts.hpp"
#include "object.hpp"

#include <ramet/error.hpp>

#include <atomic>
#include <thread>
#include <utility>

namespace ramet {

namespace {

detail::mutex_layout& at(const std::shared_ptr<detail::object>& object) {
  return *reinterpret_cast<detail::mutex_layout*>(object->data());
}

// Keeps the memory of a locked mutex mapped, whatever becomes of its handles:
// the system has a list of the robust mutexes that a thread holds, and both the
// thread's next lock and its end go through it.
struct holder final : detail::object::attachment {
  explicit holder(detail::object&) {}

  // The original holds it, if anybody.
  void after_fork() noexcept override {
    owner.store({}, std::memory_order_relaxed);
    object.reset();
  }

  std::atomic<std::thread::id> owner;     // only the owner finds itself here
  std::shared_ptr<detail::object> object; // guarded by the mutex itself
};

void now_held(const std::shared_ptr<detail::object>& object) {
  auto& held = object->attached<holder>();
  held.object = object;
  held.owner.store(std::this_thread::get_id(), std::memory_order_relaxed);
}

} // namespace

mutex::mutex()
    : object_(detail::make_object(
        detail::object_kind::mutex,
        detail::in_pages(sizeof(detail::mutex_layout)),
        detail::in_pages(sizeof(detail::mutex_layout)),
        [](detail::object& made) {
          reinterpret_cast<detail::mutex_layout*>(made.data())->mutex.init();
        })) {}

mutex::mutex(detail::object_ref ref)
    : object_(detail::open_object(
        {ref.object, detail::object_kind::mutex, ref.part})) {}

detail::object_ref mutex::ref() const {
  return {object_->id(), detail::object_kind::mutex, 0};
}

bool mutex::lock_until(detail::deadline until) {
  auto& shared = at(object_);
  switch (shared.mutex.lock_until(until)) {
  case detail::lock_result::timed_out:
    return false;
  case detail::lock_result::locked:
    now_held(object_);
    return true;
  case detail::lock_result::owner_died:
    break;
  }
  shared.mutex.recovered();
  now_held(object_); // no more by the dead, should it be a thread of ours
  unlock();
  throw error(errc::owner_died,
              "locking a mutex: the process that held it was killed, and what "
              "it guards may be half changed; the mutex is free again: put "
              "right what it guards, then lock it");
}

void mutex::lock() {
  lock_until(detail::deadline::never());
}

bool mutex::try_lock() {
  return lock_until(detail::deadline::now());
}

void mutex::unlock() {
  auto& held = object_->attached<holder>();
  if (held.owner.load(std::memory_order_relaxed) != std::this_thread::get_id())
    throw error(errc::protocol,
                "unlocking a mutex that this thread does not hold");
  held.owner.store({}, std::memory_order_relaxed);
  auto last = std::move(held.object); // let go of after the mutex
  at(object_).mutex.unlock();
}

bool mutex::try_recover() {
  auto& shared = at(object_);
  switch (shared.mutex.try_lock()) {
  case detail::lock_result::timed_out:
    return false;
  case detail::lock_result::locked:
    shared.mutex.unlock();
    return false;
  case detail::lock_result::owner_died:
    break;
  }
  shared.mutex.recovered();
  now_held(object_);
  return true;
}

} // namespace ramet
