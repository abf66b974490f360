// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/mutex.hpp>

#include "layouts.hpp"
#include "mutex_holder.hpp"
#include "object.hpp"

namespace ramet {

namespace {

constexpr auto kind = "a mutex";

detail::robust_mutex& in(const std::shared_ptr<detail::object>& object) {
  return object->as<detail::mutex_layout>().mutex;
}

} // namespace

mutex::mutex() : synchronizer(detail::make_mutex()) {}

bool mutex::lock_until(detail::deadline until) {
  return detail::lock_for_holder(object_, in(object_), kind, until);
}

void mutex::lock() {
  lock_until(detail::deadline::never());
}

bool mutex::try_lock() {
  return lock_until(detail::deadline::now());
}

void mutex::unlock() {
  detail::unlock_of_holder(object_, in(object_), kind);
}

bool mutex::try_recover() {
  return detail::recover_for_holder(object_, in(object_));
}

} // namespace ramet
