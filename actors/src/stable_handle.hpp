// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Handles that stay valid while the actor behind them is replaced.

#pragma once

#include "object.hpp"

#include <ramet/detail/wire_caf.hpp>

#include <caf/actor_control_block.hpp>

#include <atomic>
#include <cstdint>

namespace ramet::detail {

/// Where the actor behind a stable handle is now: in memory that all processes
/// share, so that they reach it directly. Written by its maker alone; a maker
/// killed at any instruction leaves it readable.
///
/// `version` commits: while it is n, places[n % 2] holds, and the other place
/// is scratch.
struct stable_cell {
  struct place {
    std::atomic<std::uint64_t> process; // slot, serial above it
    std::atomic<std::uint64_t> id;
  };

  object_header header;
  std::atomic<std::uint64_t> version;
  place places[2];
  actor_words keeper; ///< ends when nothing will ever be behind it again
};

/// The maker's side. Not thread-safe.
class stable_handle {
public:
  /// `keeper`, a local actor, ends when the handle is to: then monitors and
  /// links of it fire. @throws error resource_exhausted
  explicit stable_handle(const caf::strong_actor_ptr& keeper);

  /// What users hold.
  const caf::strong_actor_ptr& handle() const { return handle_; }
  /// Leads to `actor` from now on; null: to nobody, requests fail.
  void lead_to(const caf::strong_actor_ptr& actor);

private:
  object_ptr object_;
  caf::strong_actor_ptr handle_;
};

} // namespace ramet::detail
