// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Giving descriptors to the process that keeps them, and getting them there.

#pragma once

#include "family.hpp"
#include "os_posix.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace ramet::detail {

/// Who keeps what this process sends: its topmost ancestor, or the one that is
/// detached, and so outlives those above; perhaps itself.
member_id keeper_of_mine();

/// Has a duplicate of `fd` kept under the id of a shared object of kind
/// `descriptor` that exists. Waits for the keeper's word.
/// @throws error closed (the keeper is gone), resource_exhausted (it has no
///   room), os_failure (`fd` is not open)
void give_to_keeper(member_id keeper, std::uint64_t id, int fd);

/// Gets duplicates of what was given, all or none. Waits for the keeper.
/// @throws error closed (the keeper or one of them is gone),
///   resource_exhausted (this process has no room)
std::vector<unique_fd> get_from_keeper(process_slot keeper,
                                       std::span<const std::uint64_t> ids);

/// Nobody holds that object any more: removes its file, and has the keeper drop
/// what belongs to it. If this process is killed in between, the keeper sees
/// that. Waits for nobody.
void drop_at_keeper(member_id keeper, std::uint64_t id) noexcept;

/// That process has ended, and its slot will be another's.
void forget_keeper(process_slot ended) noexcept;

} // namespace ramet::detail
