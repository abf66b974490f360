// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/recursive_mutex.hpp>

#include "layouts.hpp"
#include "mutex_holder.hpp"
#include "object.hpp"

namespace ramet {

namespace {

constexpr auto kind = "a recursive mutex";

detail::robust_mutex& in(const std::shared_ptr<detail::object>& object) {
  return object->as<detail::mutex_layout>().mutex;
}

} // namespace

recursive_mutex::recursive_mutex() : synchronizer(detail::make_mutex()) {}

bool recursive_mutex::lock_until(detail::deadline until) {
  auto& holder = object_->attached<detail::mutex_holder>();
  if (holder.is_this_thread()) {
    ++holder.again;
    return true;
  }
  return detail::lock_for_holder(object_, in(object_), kind, until);
}

void recursive_mutex::lock() {
  lock_until(detail::deadline::never());
}

bool recursive_mutex::try_lock() {
  return lock_until(detail::deadline::now());
}

void recursive_mutex::unlock() {
  auto& holder = object_->attached<detail::mutex_holder>();
  if (holder.is_this_thread() && holder.again > 0) {
    --holder.again;
    return;
  }
  detail::unlock_of_holder(object_, in(object_), kind);
}

bool recursive_mutex::try_recover() {
  if (object_->attached<detail::mutex_holder>().is_this_thread())
    return false;
  return detail::recover_for_holder(object_, in(object_));
}

} // namespace ramet
