// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A message too large for the ring, in a segment of its own.

#pragma once

#include "segment.hpp"

#include <ramet/detail/message.hpp>

#include <cstdint>
#include <optional>

namespace ramet::detail {

/// The sender's side: writes the message straight into shared memory. Until
/// `hand_over()` the parcel belongs to the sender, and dies with it.
class outgoing_parcel {
public:
  /// @throws error resource_exhausted, or whatever message.write throws
  explicit outgoing_parcel(const outgoing& message);
  outgoing_parcel(const outgoing_parcel&) = delete;
  outgoing_parcel& operator=(const outgoing_parcel&) = delete;
  /// Removes it unless it was sent.
  ~outgoing_parcel();

  std::uint64_t id() const { return id_; }
  std::span<const object_ref> refs() const { return refs_; }
  /// From here on the mailbox's lock decides whether it lives.
  void hand_over();
  /// The message that refers to it is published.
  void sent() { sent_ = true; }

private:
  std::uint64_t id_;
  std::uint32_t ledger_entry_;
  segment memory_;
  std::span<object_ref> refs_;
  bool sent_ = false;
};

/// The receiver's side: the mapped message, without its type.
/// @throws error protocol when the file is missing or does not fit
incoming open_parcel(std::uint64_t id, std::uint64_t size, std::uint32_t refs);

/// True when a dead sender had not yet handed the parcel over.
bool parcel_is_abandoned(const segment& memory);

} // namespace ramet::detail
