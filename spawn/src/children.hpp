// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The list of what this process has below it and that has not ended.

#pragma once

#include "child.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace ramet::detail {

/// One in a process; never destroyed. Thread-safe.
class children {
public:
  static children& mine();

  void add(std::shared_ptr<child> one);
  void remove(const child& one);
  /// Null when it is not in the list any more.
  std::shared_ptr<child> find(std::uint64_t token);
  /// In the child of a fork(): they are the original's.
  void forget_after_fork() noexcept;
  /// Oldest first.
  std::vector<std::shared_ptr<child>> all();

private:
  children() = default;

  std::mutex guard_; // of the list
  std::map<std::uint64_t, std::shared_ptr<child>> list_;
};

} // namespace ramet::detail
