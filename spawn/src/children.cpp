// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "children.hpp"

namespace ramet::detail {

children& children::mine() {
  static auto* instance = new children;
  return *instance;
}

void children::add(std::shared_ptr<child> one) {
  std::scoped_lock lock{guard_};
  auto token = one->token();
  list_.emplace(token, std::move(one));
}

void children::remove(const child& one) {
  std::shared_ptr<child> last; // destroyed after the lock is given up
  std::scoped_lock lock{guard_};
  if (auto found = list_.find(one.token()); found != list_.end()) {
    last = std::move(found->second);
    list_.erase(found);
  }
}

std::shared_ptr<child> children::find(std::uint64_t token) {
  std::scoped_lock lock{guard_};
  auto found = list_.find(token);
  return found == list_.end() ? nullptr : found->second;
}

void children::forget_after_fork() noexcept {
  std::map<std::uint64_t, std::shared_ptr<child>> theirs;
  std::scoped_lock lock{guard_};
  theirs.swap(list_);
}

std::vector<std::shared_ptr<child>> children::all() {
  std::scoped_lock lock{guard_};
  std::vector<std::shared_ptr<child>> result;
  result.reserve(list_.size());
  for (auto& [token, one] : list_)
    result.push_back(one);
  return result;
}

} // namespace ramet::detail
