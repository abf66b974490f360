// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What exceptions of others say.

#pragma once

#include <exception>

namespace ramet::detail {

/// Never null, though what() of a user's class may be.
inline const char* text_of(const std::exception& problem) noexcept {
  const char* text = problem.what();
  return text ? text : "";
}

} // namespace ramet::detail
