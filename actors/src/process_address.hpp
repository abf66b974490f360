// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Which process of the family, and how CAF calls it.

#pragma once

#include "caf_compat.hpp"
#include "family.hpp"

#include <cstdint>
#include <optional>

namespace ramet::detail {

/// A place in the family's table and who has it: never names two processes.
struct process_address {
  process_slot slot = 0;
  std::uint32_t serial = 0;

  static process_address mine();

  friend bool operator==(const process_address&,
                         const process_address&) = default;
};

/// CAF's name of that process. Differs from that of any process of any other
/// family, on whatever machine or in whatever container.
caf::node_id node_of(process_address process);

/// Nothing if it is no process of this family.
std::optional<process_address> process_of(const caf::node_id& node);

} // namespace ramet::detail
