// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// How CAF calls the processes of the family.

#pragma once

#include "family.hpp"
#include <ramet/detail/caf_compat.hpp>

#include <optional>

namespace ramet::detail {

/// CAF's name of a process. Differs from that of any process of any other
/// family, on whatever machine or in whatever container.
caf::node_id node_of(member_id process);

/// Nothing if it is no process of this family.
std::optional<member_id> process_of(const caf::node_id& node);

} // namespace ramet::detail
