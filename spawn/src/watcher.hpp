// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The one helper thread of a process, asleep until something happens that
/// nobody else waits for: a child or the parent ends, or Ctrl-C.

#pragma once

#include "os_posix.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include <pthread.h>

namespace ramet::detail {

class child;

/// One in a process; never destroyed. Thread-safe.
///
/// The thread starts with the first thing to watch and runs with all signals
/// blocked. It sleeps in epoll on the descriptors of processes; SIGCHLD and its
/// handler are left to the program.
class watcher {
public:
  static watcher& mine();

  /// Calls child.on_end() when it has ended. @throws error resource_exhausted
  void watch(const child& one);
  void forget(const child& one) noexcept;
  /// Calls on_member_end(token) when `pidfd` has ended.
  /// @throws error resource_exhausted
  void watch(int pidfd, std::uint64_t token);
  void forget(int fd) noexcept;
  /// Names a thing to watch; never given out twice.
  static std::uint64_t next_token();

  /// Ends this process when its parent ends, unless detached by then.
  /// @throws error resource_exhausted
  void watch_parent(int pidfd);

  /// Has this process keep descriptors for others when the first one asks for
  /// that. @throws error resource_exhausted, os_failure
  void watch_descriptors();

  /// SIGINT has come. Async-signal-safe.
  void on_interrupt() noexcept;

  /// While the lock is held, the thread does nothing and holds no other lock.
  [[nodiscard]] std::unique_lock<std::mutex> hold_still();
  /// The thread's id towards the system; 0: there is none. While held still.
  int thread_id() const noexcept { return thread_id_.load(); }
  /// In the child of a fork(): there is no thread, and nothing is watched.
  void after_fork() noexcept;

  /// Ends the thread and waits for that, unless it is the caller.
  void stop() noexcept;

private:
  static constexpr std::uint64_t command_token = 0;
  static constexpr std::uint64_t parent_token = 1;
  static constexpr std::uint64_t descriptors_token = 2;
  static constexpr std::uint64_t first_free_token = 3;

  watcher() = default;
  void add(int fd, std::uint64_t token);
  void start();
  void run();
  void on_event(std::uint64_t token);
  void on_command();
  int milliseconds_left() const;

  std::mutex guard_; // of starting and stopping
  bool started_ = false;
  pthread_t thread_{};

  // Written before the thread starts; read by it and, of the second, by the
  // signal handler that is installed afterwards.
  unique_fd epoll_;
  unique_fd commands_;

  std::atomic<bool> interrupt_{false}; // set by the handler
  std::atomic<bool> stop_{false};
  std::atomic<int> thread_id_{0}; // set by the thread, first of all

  std::mutex work_; // held while the thread works, and by hold_still()

  // The thread's own.
  std::optional<std::chrono::steady_clock::time_point> grace_ends_;
};

} // namespace ramet::detail
