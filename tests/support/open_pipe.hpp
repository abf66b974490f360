// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A pipe of the system, of which a test can tell whether anybody still has an
/// end open.

#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace ramet_test {

inline bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) != -1;
}

/// What is there, waiting for something; empty at the end.
inline std::string read_some(int fd) {
  char bytes[256];
  auto size = ::read(fd, bytes, sizeof bytes);
  return {bytes, size > 0 ? static_cast<std::size_t>(size) : 0};
}

class open_pipe {
public:
  open_pipe() {
    if (::pipe2(ends_, O_CLOEXEC) != 0)
      ends_[0] = ends_[1] = -1;
  }
  open_pipe(const open_pipe&) = delete;
  open_pipe& operator=(const open_pipe&) = delete;
  ~open_pipe() {
    for (int end : ends_)
      if (end >= 0)
        ::close(end);
  }

  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  /// The caller's from now on.
  int take_reader() { return std::exchange(ends_[0], -1); }
  int take_writer() { return std::exchange(ends_[1], -1); }
  void write(std::string_view text) {
    [[maybe_unused]] auto size = ::write(ends_[1], text.data(), text.size());
  }
  /// Does any process have its reading end open?
  bool has_reader() const {
    pollfd look{ends_[1], POLLOUT, 0};
    ::poll(&look, 1, 0);
    return (look.revents & POLLERR) == 0;
  }
  /// The same of the writing end.
  bool has_writer() const {
    pollfd look{ends_[0], POLLIN, 0};
    ::poll(&look, 1, 0);
    return (look.revents & POLLHUP) == 0;
  }

private:
  int ends_[2];
};

} // namespace ramet_test
