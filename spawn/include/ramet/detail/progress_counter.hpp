// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Counts for a progress_function.

#pragma once

#include <ramet/progress.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>

namespace ramet::detail {

/// Counts what is done, and tells it: by whatever thread it counts in, one call
/// at a time, without locks, so the function may use the pool. Thread-safe
/// after begin().
class progress_counter {
public:
  /// Before all else. Tells that nothing is done yet.
  void begin(progress_function tell, std::size_t total);

  /// If a thread is just telling, that one tells this, too. So who says the
  /// last one is not always who may go on from there: the one call that returns
  /// true, when all is told.
  [[nodiscard]] bool add(std::size_t done, std::size_t failed, bool last);
  /// There are no more inputs than these. Told if it was not known before and
  /// all are done.
  [[nodiscard]] bool total_is(std::size_t total, bool last);

  /// From now on nothing is told. Waits for another thread that is telling.
  void stop();

private:
  bool tell_news(std::unique_lock<std::mutex> lock, bool last);

  progress_function tell_; // if null, nothing below is used
  std::chrono::steady_clock::time_point start_;

  std::mutex guard_; // of all below
  std::condition_variable told_;
  progress state_;
  bool news_ = false;
  bool last_ = false;
  bool stopped_ = false;
  std::thread::id telling_; // nobody: none
};

} // namespace ramet::detail
