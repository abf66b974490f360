// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A peer's other processes: forked, and killed if this one dies.

#pragma once

#include "measure.hpp"

#include <cerrno>
#include <concepts>
#include <csignal>
#include <cstdio>
#include <exception>
#include <system_error>
#include <utility>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

[[noreturn]] inline void fail(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

/// A child that runs `function`; joined at the end of the scope, killed when an
/// exception ends it.
class forked {
public:
  template <std::invocable Function>
  explicit forked(Function&& function) : pid_(::fork()) {
    if (pid_ == -1)
      fail("fork");
    if (pid_ != 0)
      return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    int status = 0;
    try {
      function();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "in a child: %s\n", e.what());
      status = 1;
    }
    ::_exit(status);
  }
  void kill() const { ::kill(pid_, SIGKILL); }
  forked(forked&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
  ~forked() {
    if (pid_ > 0 && std::uncaught_exceptions() > 0)
      ::kill(pid_, SIGKILL);
    while (pid_ > 0 && ::waitpid(pid_, nullptr, 0) == -1 && errno == EINTR) {
    }
  }

private:
  pid_t pid_;
};

/// Two connected sockets, one for each side of a fork.
struct socket_pair {
  socket_pair() {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
      fail("socketpair");
  }
  int ends[2];
};

/// Reads all of `data`. False: the other side is gone.
inline bool read_all(int fd, std::span<std::byte> data) {
  while (!data.empty()) {
    auto count = ::read(fd, data.data(), data.size());
    if (count == -1 && errno == EINTR)
      continue;
    if (count == -1)
      fail("read");
    if (count == 0)
      return false;
    data = data.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

inline void write_all(int fd, bytes data) {
  while (!data.empty()) {
    auto count = ::write(fd, data.data(), data.size());
    if (count == -1 && errno == EINTR)
      continue;
    if (count == -1)
      fail("write");
    data = data.subspan(static_cast<std::size_t>(count));
  }
}

/// A producer or consumer in a child: carries out orders with `work(order)`.
class forked_worker {
public:
  template <class Work>
  static forked_worker start(Work work) {
    socket_pair sockets;
    forked child{[&] {
      ::close(sockets.ends[0]);
      order next = 0;
      while (
          read_all(sockets.ends[1], std::as_writable_bytes(std::span{&next, 1}))
          && next != 0) {
        work(next);
        const std::byte done{1};
        write_all(sockets.ends[1], bytes{&done, 1});
      }
    }};
    ::close(sockets.ends[1]);
    return {sockets.ends[0], std::move(child)};
  }
  forked_worker(forked_worker&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), child_(std::move(other.child_)) {}
  ~forked_worker() {
    if (fd_ >= 0)
      ::close(fd_);
  }

  void tell(order next) { write_all(fd_, std::as_bytes(std::span{&next, 1})); }
  void wait() {
    std::byte done;
    if (!read_all(fd_, std::span{&done, 1}))
      throw std::runtime_error{"a worker is gone"};
  }

private:
  forked_worker(int fd, forked child) : fd_(fd), child_(std::move(child)) {}

  int fd_;
  forked child_;
};

} // namespace bench
