// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The thread that works for all sources of this process.

#pragma once

#include "source_core.hpp"
#include "wake_event.hpp"

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace ramet::detail {

/// One in a process, started with the first source; never destroyed.
/// Thread-safe.
class source_pump {
public:
  /// @throws error resource_exhausted
  static source_pump& mine();

  /// @throws error protocol (the runtime has ended), resource_exhausted
  void add(std::shared_ptr<source_core> one);
  /// Something has changed for a source.
  void wake() noexcept { bell_.wake(); }

private:
  using source_list = std::vector<std::shared_ptr<source_core>>;

  source_pump() = default;
  void start(); // needs guard_
  void run();
  bool let_in(source_list& all);
  void sleep(const source_list& all);
  void finish();

  wake_event bell_;
  std::mutex guard_; // of all below
  source_list added_;
  std::thread thread_;
  bool stopping_ = false;
};

} // namespace ramet::detail
