// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// How messages lie in a mailbox's segments.

#pragma once

#include <ramet/detail/message.hpp>

#include <cstddef>
#include <cstdint>

namespace ramet::detail {

/// First in every frame; references and payload follow. Frames start at
/// multiples of frame_alignment and never wrap around a segment's end.
struct frame_header {
  std::uint32_t size; ///< of the payload in bytes, or one of the marks below
  std::uint32_t refs; ///< how many; out_of_line may be added
  std::uint64_t type;
};

/// The rest of the segment's lap is unused; go on at its beginning.
inline constexpr std::uint32_t skip_mark = 0xffffffff;
/// Go on in another segment; a link_target follows.
inline constexpr std::uint32_t link_mark = 0xfffffffe;
/// In frame_header::refs: the payload is a parcel_note, and both payload and
/// references of the message are in that parcel.
inline constexpr std::uint32_t out_of_line = 0x80000000;

/// In frame_header::type, of a message that was taken back: nobody gets it.
inline constexpr std::uint64_t revoked_type = 0xffff'ffff'ffff'ffff;

inline constexpr std::size_t frame_alignment = 16;

struct link_target {
  std::uint64_t segment;
  std::uint64_t position;
};

inline constexpr std::size_t link_bytes =
    sizeof(frame_header) + sizeof(link_target);
/// Always kept free in a segment, so that a link to the next one fits: a link,
/// and a skip before it.
inline constexpr std::size_t link_reserve = link_bytes + frame_alignment;

constexpr std::size_t frame_bytes(std::size_t refs, std::size_t payload) {
  auto bytes = sizeof(frame_header) + refs * sizeof(object_ref) + payload;
  return (bytes + frame_alignment - 1) / frame_alignment * frame_alignment;
}

} // namespace ramet::detail
