// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a future throws when the process that worked on it failed.

#pragma once

#include <ramet/error.hpp>
#include <ramet/exit_status.hpp>
#include <ramet/remote_exception.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ramet {

/// A function that ran elsewhere did not return. Its code is
/// errc::child_failed; what() says what was attempted and what came of it, in
/// one line: "async: process 'Process-3' (pid 123) threw std::out_of_range: no
/// such city".
///
/// @code
/// try {
///   map = f.get();
/// } catch (const ramet::task_failure& failure) {
///   if (failure.is<std::out_of_range>())
///     map = whole_world;
///   else if (auto& thrown = failure.exception())
///     std::cerr << thrown->type << " at\n" << thrown->backtrace << '\n';
///   else
///     std::cerr << to_string(*failure.status()) << '\n';
/// }
/// @endcode
///
/// For code that is written for exceptions of its own process, rethrow() throws
/// what was thrown there.
///
/// A value: copies share what they tell.
class task_failure : public error {
public:
  task_failure(std::string message, remote_exception exception)
      : task_failure(std::move(message),
                     details{std::move(exception), std::nullopt}) {}
  task_failure(std::string message, exit_status status)
      : task_failure(std::move(message), details{std::nullopt, status}) {}

  /// What was thrown there: type, message, backtrace, and the process. Nothing
  /// when the process ended otherwise.
  const std::optional<remote_exception>& exception() const noexcept {
    return details_->exception;
  }
  /// How the process ended, when that is why there is no result: a signal, or a
  /// call of exit().
  const std::optional<exit_status>& status() const noexcept {
    return details_->status;
  }

  /// Whether an E was thrown there, or something derived from it. See
  /// remote_exception::is; false when nothing was thrown.
  template <class E>
  bool is() const {
    return exception() && exception()->template is<E>();
  }

  /// Throws what was thrown there, as such: the exceptions of the standard
  /// library, those with a std::error_code with the same code, and
  /// ramet::error. Throws this task_failure when that cannot be: nothing was
  /// thrown, or an object of a type of your own, or its code is of another
  /// category than those of the standard library and ramet.
  [[noreturn]] void rethrow() const;

private:
  struct details {
    std::optional<remote_exception> exception;
    std::optional<exit_status> status;
  };
  task_failure(std::string message, details what)
      : error(errc::child_failed, std::move(message)),
        details_(std::make_shared<const details>(std::move(what))) {}

  std::shared_ptr<const details> details_;
};

} // namespace ramet
