// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A thread that is to wait for something.

#pragma once

#include "leak_check.hpp"

#include <atomic>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>

#include <unistd.h>

namespace ramet_test {

/// Runs an action in a thread of its own; ends with it.
class sleeper {
public:
  template <class Action>
  explicit sleeper(Action action)
      : thread_([this, action = std::move(action)]() mutable {
          id_.store(::gettid());
          action();
          done_.store(true);
        }) {}

  /// Waits until it sleeps in the kernel.
  bool falls_asleep() {
    return eventually([this] {
      auto id = id_.load();
      if (id == 0)
        return false;
      std::ifstream file{"/proc/self/task/" + std::to_string(id) + "/stat"};
      std::string text{std::istreambuf_iterator<char>{file}, {}};
      auto name_end = text.rfind(") ");
      return name_end != text.npos && text[name_end + 2] == 'S';
    });
  }
  bool done() const { return done_.load(); }
  /// Waits until its action has ended.
  bool ends() {
    return eventually([this] { return done(); });
  }

private:
  std::atomic<int> id_{0};
  std::atomic<bool> done_{false};
  std::jthread thread_;
};

/// Runs `action` in another thread and waits for it. What that thread holds at
/// its end, its owner died with: threads count as processes for locks.
template <class Action>
void elsewhere(Action action) {
  std::thread{action}.join();
}

} // namespace ramet_test
