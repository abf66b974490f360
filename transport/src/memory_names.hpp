// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Names of shared memory that processes of any family find.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ramet::detail {

/// A name is a link beside the families' directories, to a link in one of them,
/// to an object's file. When the family ends, or is swept, the names go with
/// it.
struct named_object {
  std::string directory; ///< its family's
  std::uint64_t id;
};

/// @throws error protocol when it cannot be one
void check_memory_name(std::string_view name);

/// What has that name, in all families of this user that are alive; a dead one
/// that had it is swept. @throws error os_failure
std::optional<named_object> find_memory(std::string_view name);

/// Gives an object of this process's family a name. False: another one has it.
/// @throws error os_failure
bool name_memory(std::string_view name, std::uint64_t id);

/// Whether the object is found by that name.
bool is_named(const named_object& object, std::string_view name);

/// Takes the name off the object, if it has it.
void unname_memory(std::string_view name, const named_object& from) noexcept;

/// For whoever removes a family's directory: `entry` in it may belong to a
/// name, and is about to go.
void forget_memory_name(const std::string& directory, std::string_view entry);

} // namespace ramet::detail
