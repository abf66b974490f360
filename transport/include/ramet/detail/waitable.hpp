// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What ramet::wait needs of a thing: is it ready, and what can be polled.

#pragma once

#include <ramet/detail/native_handle.hpp>

namespace ramet::detail {

/// A thing that can be waited on, without its type. Refers to the thing.
struct waitable {
  const void* thing = nullptr;
  /// True when it is ready. Null: only its native handle knows.
  bool (*ready)(const void* thing) = nullptr;
  /// A handle that is readable when it is ready; made, or made unreadable
  /// until then, by this call.
  native_handle_type (*arm)(const void* thing) = nullptr;
};

} // namespace ramet::detail
