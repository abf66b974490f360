// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "mutex_holder.hpp"

#include "layouts.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <utility>

namespace ramet::detail {

std::uint64_t mutex_holder::this_thread() {
  static std::atomic<std::uint64_t> last{nobody};
  thread_local std::uint64_t number = nobody;
  thread_local std::uint32_t process = 0;
  // A fork's thread is another one, whatever it finds here.
  if (auto now = family::mine().id().serial; process != now) [[unlikely]] {
    number = ++last;
    process = now;
  }
  return number;
}

void mutex_holder::enter(const object_ptr& object) {
  object_ = object;
  owner_.store(this_thread(), std::memory_order_relaxed);
}

object_ptr mutex_holder::leave() {
  owner_.store(nobody, std::memory_order_relaxed);
  return std::move(object_);
}

object_ptr make_mutex() {
  constexpr auto bytes = in_pages(sizeof(mutex_layout));
  return make_object(object_kind::mutex, bytes, bytes, [](object& made) {
    made.as<mutex_layout>().mutex.init();
  });
}

bool lock_for_holder(const object_ptr& object, robust_mutex& mutex,
                     const char* kind, deadline until) {
  auto& holder = object->attached<mutex_holder>();
  switch (mutex.lock_until(until)) {
  case lock_result::timed_out:
    return false;
  case lock_result::locked:
    holder.enter(object);
    return true;
  case lock_result::owner_died:
    break;
  }
  mutex.recovered();
  holder.enter(object); // no more by the dead, should it be a thread of ours
  holder.again = 0;
  unlock_of_holder(object, mutex, kind);
  throw_owner_died(kind);
}

void unlock_of_holder(const object_ptr& object, robust_mutex& mutex,
                      const char* kind) {
  auto& holder = object->attached<mutex_holder>();
  if (!holder.is_this_thread())
    throw_not_held(kind);
  auto last = holder.leave();
  mutex.unlock();
}

bool recover_for_holder(const object_ptr& object, robust_mutex& mutex) {
  auto& holder = object->attached<mutex_holder>();
  switch (mutex.try_lock()) {
  case lock_result::timed_out:
    return false;
  case lock_result::locked:
    mutex.unlock();
    return false;
  case lock_result::owner_died:
    break;
  }
  mutex.recovered();
  holder.enter(object);
  holder.again = 0;
  return true;
}

void throw_owner_died(const char* kind) {
  throw error(errc::owner_died,
              fmt::format("locking {}: the process that held it was killed, "
                          "and what it guards may be half changed; it is free "
                          "again: put right what it guards, then lock it",
                          kind));
}

void throw_not_held(const char* kind) {
  throw error(errc::protocol,
              fmt::format("unlocking {} that this thread does not hold", kind));
}

} // namespace ramet::detail
