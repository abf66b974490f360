// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The segments that a mailbox's bytes lie in: one inside the mailbox's own
/// file ("home"), further ones in files of their own while it holds more.

#pragma once

#include "segment.hpp"

#include <cstddef>
#include <cstdint>

namespace ramet::detail {

/// Id of the segment in the mailbox's own file.
inline constexpr std::uint64_t home_segment = 0;
inline constexpr std::size_t home_capacity = 256 * 1024;
inline constexpr std::size_t max_chained_capacity = 8 * 1024 * 1024;

/// One segment as a ring of bytes; capacity is a power of two.
struct ring_view {
  std::byte* bytes = nullptr;
  std::size_t capacity = 0;

  std::size_t offset(std::uint64_t position) const {
    return position & (capacity - 1);
  }
  /// From `position` to the end of the lap.
  std::size_t contiguous(std::uint64_t position) const {
    return capacity - offset(position);
  }
  std::byte* at(std::uint64_t position) const {
    return bytes + offset(position);
  }
};

/// Makes a segment file with all its memory reserved.
/// @throws error resource_exhausted, os_failure
void make_chained_segment(std::uint64_t id, std::size_t capacity);

/// The segment that one side of a mailbox works in, mapped. Guarded by that
/// side's lock.
class segment_cache {
public:
  explicit segment_cache(ring_view home) : home_(home), view_(home) {}

  /// @throws error protocol when there is no such segment
  const ring_view& get(std::uint64_t id) {
    if (id != id_)
      switch_to(id);
    return view_;
  }

private:
  void switch_to(std::uint64_t id);

  ring_view home_;
  ring_view view_;
  std::uint64_t id_ = home_segment;
  segment memory_;
};

} // namespace ramet::detail
