// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The descriptors of a message that is being decoded.

#pragma once

#include <span>

#include <ramet/detail/message.hpp>

namespace ramet::detail {

/// While it exists, its thread decodes a message with these references. Fetches
/// all descriptors among them at once, or none; handles take theirs out of it,
/// and what nobody takes is closed.
class arrivals {
public:
  /// @throws error closed (they are gone), resource_exhausted (too many are
  ///   open here; they can be fetched later), protocol (a damaged message)
  explicit arrivals(std::span<const object_ref> refs) {
    if (!refs.empty())
      fetch(refs);
  }
  arrivals(const arrivals&) = delete;
  arrivals& operator=(const arrivals&) = delete;
  ~arrivals() {
    if (fetched_)
      close();
  }

private:
  void fetch(std::span<const object_ref> refs);
  void close() noexcept;

  bool fetched_ = false;
};

} // namespace ramet::detail
