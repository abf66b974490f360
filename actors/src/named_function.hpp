// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Functions that messages name.

#pragma once

#include <ramet/detail/reader.hpp>

namespace ramet::detail {

/// The code at the address that stands next in `in`.
/// @throws error protocol "<operation>: no function is named" and what
///   resolve_code throws
const void* take_code(reader& in, const char* part, const char* operation);

template <class Function>
Function take_function(reader& in, const char* part, const char* operation) {
  // NOLINTNEXTLINE(*-cast): see locate_code
  return reinterpret_cast<Function>(
      const_cast<void*>(take_code(in, part, operation)));
}

} // namespace ramet::detail
