// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// An actor's error answer, as an exception.

#pragma once

#include <ramet/error.hpp>

#include <caf/error.hpp>

#include <string>
#include <utility>

namespace ramet {

/// Thrown where an actor was asked and answered with an error, or could not
/// answer: errc::closed when it, or its process, has ended; errc::timed_out;
/// else errc::child_failed.
class actor_error : public error {
public:
  actor_error(errc value, std::string message, caf::error reason)
      : error(value, std::move(message)), reason_(std::move(reason)) {}

  /// As CAF has it, to tell errors of one's own categories apart.
  const caf::error& reason() const noexcept { return reason_; }

private:
  caf::error reason_;
};

} // namespace ramet
