// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "face.hpp"

#include "self.hpp"
#include "sentinel_linux.hpp"

#include <fmt/format.h>

namespace ramet::detail {

constinit thread_local face* face::current_ = nullptr;

face& face::here() {
  return current_ ? *current_ : self::mine();
}

std::shared_ptr<face> face::of_thread(face& starter) {
  return std::shared_ptr<face>{new face{starter.keep()}};
}

std::string face::next_child_identity() {
  auto number = children_made_.fetch_add(1, std::memory_order_relaxed) + 1;
  return identity.empty() ? fmt::format("{}", number)
                          : fmt::format("{}:{}", identity, number);
}

bool face::live() const noexcept {
  auto phase = self::mine().phase.load();
  return phase == runtime_phase::live
         || (is_thread() && phase == runtime_phase::ending);
}

std::shared_ptr<face> face::keep() {
  if (!is_thread()) // never destroyed
    return {std::shared_ptr<face>{}, this};
  return shared_from_this();
}

std::shared_ptr<parent_state> face::as_parent() {
  std::scoped_lock lock{guard_};
  if (!as_parent_) {
    auto made = std::make_shared<parent_state>();
    made->name = name;
    made->pid = self::mine().runtime_pid();
    made->pidfd = make_sentinel();
    if (over_)
      raise_sentinel(made->pidfd.get());
    as_parent_ = std::move(made);
  }
  return as_parent_;
}

void face::begin_anew_after_fork() noexcept {
  children_made_.store(0);
  as_parent_ = nullptr;
}

void face::set_over() noexcept {
  std::scoped_lock lock{guard_};
  over_ = true;
  if (as_parent_)
    raise_sentinel(as_parent_->pidfd.get());
}

} // namespace ramet::detail
