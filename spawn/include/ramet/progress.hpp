// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// How far a job of many parts has come.

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace ramet {

/// At one moment. Never goes back from one call to the next; the last one of a
/// job has `done == total`.
struct progress {
  std::size_t done = 0;   ///< inputs that have come to a result or a failure
  std::size_t failed = 0; ///< of these, a failure
  std::size_t total = 0;  ///< 0: not known
  std::chrono::nanoseconds elapsed{0};

  bool finished() const { return total != 0 && done == total; }
  /// Inputs a second, over all the time; 0 at the beginning.
  double rate() const;
  /// Until the end, if it goes on like this; zero when that is not known.
  std::chrono::nanoseconds left() const;
};

/// Must not throw, nor wait for results of the same job.
using progress_function = std::function<void(const progress&)>;

/// One line on stderr that is written anew, with count, rate, time left and
/// failures; on anything but a terminal a plain line now and then, and at the
/// end.
///
/// @code
/// pool.map(slow, xs, {.progress = ramet::progress_bar("resize")});
/// // resize   420/1000  42 %  83.1/s  7 s left, 2 failed
/// @endcode
///
/// Each call makes a bar for one job.
progress_function progress_bar(std::string title = {});

} // namespace ramet
