// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// One end of a pipe of bytes, as reader and writer share it with the child's
/// record.

#pragma once

#include "os_posix.hpp"

#include <ramet/byte_stream.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ramet::detail {

/// In non-blocking mode. Thread-safe: callers take turns.
class byte_end {
public:
  /// @param what names it in messages: "standard output of process 'worker-1'"
  byte_end(unique_fd fd, std::string what);
  ~byte_end();
  byte_end(const byte_end&) = delete;
  byte_end& operator=(const byte_end&) = delete;

  /// For the child of a fork(): all of them are the parent's, and their other
  /// sides must see an end when the parent closes them.
  static void close_all_after_fork() noexcept;

  /// How many bytes were read, 0 at the end; nothing: timed out.
  std::optional<std::size_t> read(std::span<char> room, deadline until);
  /// How many bytes were written. @throws error closed when nobody reads
  std::size_t write(std::string_view bytes, deadline until);

  int fd() const { return fd_.get(); }
  bool is_open() const;
  void close() noexcept;
  int release();

  /// Closes it if no thread is in a call. One that is, serves the pipe.
  void close_if_idle() noexcept;

private:
  void require_open(const char* verb) const;

  mutable std::mutex guard_; // of fd_, and held for the time of a call
  unique_fd fd_;
  const std::string what_;
};

/// Like write(2), but when nobody reads any more there is EPIPE, and no
/// SIGPIPE, whatever the program does with that signal.
ssize_t write_without_signal(int fd, const void* bytes, std::size_t size);

/// Writes `input` to the one, closes it, and reads the others to their ends,
/// whichever is ready. Those that are not open are left out.
void exchange_all(standard_pipes& pipes, std::string_view input,
                  std::string& output, std::string& error);

} // namespace ramet::detail
