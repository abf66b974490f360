// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/supervisor.hpp>

#include "supervision.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <utility>

namespace ramet {

supervisor::supervisor(supervisor_options options)
    : tree_(detail::supervision::make(std::move(options))),
      group_(&tree_->top()) {}

supervisor& supervisor::operator=(supervisor&& other) noexcept {
  if (this != &other) {
    end();
    tree_ = std::move(other.tree_);
    group_ = other.group_;
    owner_ = other.owner_;
  }
  return *this;
}

supervisor::~supervisor() {
  end();
}

void supervisor::end() noexcept {
  if (!tree_ || !owner_)
    return;
  tree_->stop(*group_);
  tree_->join(*group_, detail::deadline::never());
}

detail::supervision& supervisor::use(const char* operation) const {
  if (!tree_)
    throw error(errc::closed,
                fmt::format("{}: the supervisor was moved away", operation));
  return *tree_;
}

caf::strong_actor_ptr supervisor::add(child_options options,
                                      detail::kept_spawn make) {
  return use("adding a child to a supervisor")
      .add(*group_, std::move(options), std::move(make));
}

supervisor& supervisor::supervise(supervisor_options options) {
  return use("adding a supervisor below another")
      .add_below(*group_, std::move(options));
}

bool supervisor::remove(const caf::strong_actor_ptr& child) {
  return use("stopping a child").remove(*group_, child);
}

void supervisor::stop() {
  use("stopping a supervisor").stop(*group_);
}

void supervisor::join() {
  join_until(detail::deadline::never());
}

bool supervisor::try_join() {
  return join_until(detail::deadline::now());
}

bool supervisor::join_until(detail::deadline until) {
  return use("joining a supervisor").join(*group_, until);
}

bool supervisor::running() const {
  return use("looking at a supervisor").running(*group_);
}

caf::error supervisor::failure() const {
  return use("looking at a supervisor").failure(*group_);
}

caf::actor supervisor::handle() const {
  static_cast<void>(use("looking at a supervisor"));
  return caf::actor_cast<caf::actor>(group_->keeper);
}

supervision_tree supervisor::tree() const {
  return use("looking at a supervisor").tree(*group_);
}

} // namespace ramet
