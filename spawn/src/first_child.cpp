// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "first_child.hpp"

#include "watcher.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace ramet::detail {

namespace {

struct preparations {
  std::mutex guard;                         // of what comes next
  bool made = false;                        // the calls
  std::vector<std::function<void()>> calls; // filled before main

  static preparations& mine() {
    static auto* instance = new preparations; // used by static destructors, too
    return *instance;
  }
};

} // namespace

void before_first_child(std::function<void()> call) {
  preparations::mine().calls.push_back(std::move(call));
}

void prepare_first_child() {
  auto& all = preparations::mine();
  std::scoped_lock lock{all.guard};
  if (all.made)
    return;
  watcher::mine().watch_descriptors();
  for (auto& call : all.calls)
    call();
  all.made = true;
}

void forget_first_child_after_fork() noexcept {
  preparations::mine().made = false;
}

} // namespace ramet::detail
