// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Between a call of async() and the process that makes it, without the type of
/// the result.

#pragma once

#include <ramet/detail/mailbox.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/pipe_side.hpp>
#include <ramet/remote_exception.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>

namespace ramet::detail {

class child;

/// What the process sends in place of a result.
struct failure_note {
  remote_exception what;
};

/// In the process: calls `work`. What it throws, if anything. For the main
/// thread.
std::optional<remote_exception> exception_of(const std::function<void()>& work);

/// The caller's end. Thread-safe once started() was called.
class async_link {
public:
  enum class news {
    message,     ///< `receive` has got it
    nothing_yet, ///< the time is over
    elsewhere,   ///< another thread has got the message, or it was closed
    ended,       ///< the process has ended and left no message
  };

  explicit async_link(pipe_side results) : results_(std::move(results)) {}
  void started(std::shared_ptr<child> process) {
    process_ = std::move(process);
  }

  /// Waits for the one message, the result or a failure_note, or the end of the
  /// process.
  news take(receiver receive, deadline until);
  /// Nothing more is wanted: wakes all in take().
  void close() noexcept;
  void kill() const;
  /// See child::when_ended.
  void when_ended(std::function<void()> call) const;
  /// Has `call` made when the process has ended, in the thread for callbacks.
  void call_back_when_ended(std::function<void()> call) const;

  /// A task_failure: the function threw.
  std::exception_ptr failure_by(remote_exception thrown) const;
  /// A task_failure: the process ended and left no message. Needs news::ended.
  std::exception_ptr failure_by_end() const;
  /// True when the process ends because this one does.
  bool end_is_no_news() const;

private:
  pipe_side results_;
  std::shared_ptr<child> process_;
  // Set before the message is out of the pipe, or the pipe closed here: who
  // finds it drained and closed knows whether that was by the process.
  std::atomic<bool> done_{false};
};

} // namespace ramet::detail
