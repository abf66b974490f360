// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The thread that runs callbacks of users that no thread of theirs waits for.

#pragma once

#include <ramet/detail/message.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace ramet::detail {

/// One in a process, started when it is first needed; never destroyed.
/// Thread-safe.
///
/// Not the watcher's thread: a callback that takes its time must not keep this
/// process from seeing another end.
class callback_thread {
public:
  static callback_thread& mine();

  /// `call` must not throw. All have been made when the runtime has ended.
  void post(std::function<void()> call);

  /// Whether the caller is that thread.
  static bool is_this();
  /// For a call that waits, in that thread: makes others meanwhile. Returns
  /// when done(), or when the time is over. Wake it when that changes.
  void make_calls_until(const std::function<bool()>& done, deadline until);
  void wake();

private:
  callback_thread() = default;
  void start(); // needs guard_
  void run();
  void make_next(std::unique_lock<std::mutex>& lock); // of guard_
  void finish();

  std::mutex guard_; // of all below
  std::condition_variable changed_;
  std::deque<std::function<void()>> calls_;
  std::thread thread_;
  bool stopping_ = false;
};

} // namespace ramet::detail
