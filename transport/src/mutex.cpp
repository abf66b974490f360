// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/mutex.hpp>

#include "layouts.hpp"
#include "object.hpp"

#include <ramet/error.hpp>

namespace ramet {

namespace {

detail::mutex_layout& at(const std::shared_ptr<detail::object>& object) {
  return *reinterpret_cast<detail::mutex_layout*>(object->data());
}

} // namespace

mutex::mutex()
    : object_(detail::make_object(
        detail::object_kind::mutex, detail::in_pages(sizeof(detail::mutex_layout)),
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
    return true;
  case detail::lock_result::owner_died:
    break;
  }
  shared.mutex.recovered();
  shared.mutex.unlock();
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
  return true;
}

} // namespace ramet
