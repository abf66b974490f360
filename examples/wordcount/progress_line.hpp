// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What the example wordcount says on standard error while it works.

#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <unistd.h>

namespace examples {

/// How far the work is.
struct progress {
  std::uint64_t done = 0;  ///< bytes
  std::uint64_t total = 0; ///< bytes
  std::uint64_t files = 0;
};

/// One line with rate and time left: drawn again and again on a terminal,
/// elsewhere a new line at most once a second.
class progress_line {
public:
  void show(const progress& now) {
    using namespace std::chrono_literals;
    auto time = clock::now();
    if (time - shown_ < (terminal_ ? 100ms : 1000ms))
      return;
    shown_ = time;
    auto left = static_cast<double>(now.total - now.done) / rate(now);
    print(now, now.done > 0 ? fmt::format("{:.1f} s left", left) : "? s left",
          !terminal_);
  }

  /// The last one, which stays.
  void finish(const progress& now) {
    print(now, fmt::format("{:.1f} s in all", seconds()), true);
  }

  /// Says something else, on a line of its own.
  void note(std::string_view text) {
    fmt::print(stderr, "{}wordcount: {}\n", terminal_ ? "\r\033[K" : "", text);
  }

private:
  using clock = std::chrono::steady_clock;

  double seconds() const {
    return std::chrono::duration<double>(clock::now() - start_).count();
  }
  double rate(const progress& now) const {
    return static_cast<double>(now.done) / std::max(seconds(), 1e-6);
  }
  void print(const progress& now, std::string_view time, bool stays) {
    auto percent = now.total > 0 ? now.done * 100 / now.total : 100;
    fmt::print(stderr, "{}{:3} %, {} files, {:.1f} MB, {:.1f} MB/s, {}{}",
               terminal_ ? "\r\033[K" : "", percent, now.files,
               static_cast<double>(now.done) / 1e6, rate(now) / 1e6, time,
               stays ? "\n" : "");
  }

  bool terminal_ = isatty(STDERR_FILENO) == 1;
  clock::time_point start_ = clock::now();
  clock::time_point shown_ = start_;
};

} // namespace examples
