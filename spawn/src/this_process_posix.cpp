// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "pidfd_linux.hpp"
#include "self.hpp"

#include <ramet/this_process.hpp>

#include <unistd.h>

namespace ramet {

this_process_info this_process() {
  auto& me = detail::face::here();
  this_process_info result;
  result.name_ = me.name;
  result.pid_ = ::getpid();
  result.daemon_ = me.daemon;
  return result;
}

std::optional<parent_process_info> parent_process() {
  auto& me = detail::face::here();
  if (detail::self::mine().phase.load() == detail::runtime_phase::none
      || !me.parent)
    return std::nullopt;
  parent_process_info result;
  result.state_ = me.parent;
  return result;
}

const std::string& parent_process_info::name() const {
  return state_->name;
}

int parent_process_info::pid() const {
  return state_->pid;
}

bool parent_process_info::running() const {
  return !detail::wait_for_end(state_->pidfd.get(), detail::deadline::now());
}

native_handle_type parent_process_info::sentinel() const {
  return state_->pidfd.get();
}

detail::waitable parent_process_info::waitable() const {
  return {state_.get(), nullptr, [](const void* thing) {
            return static_cast<const detail::parent_state*>(thing)->pidfd.get();
          }};
}

} // namespace ramet
