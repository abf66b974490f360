// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Makes pipes.

#pragma once

#include <ramet/connection.hpp>

#include <utility>

namespace ramet {

struct pipe_options {
  /// If false, the first end only receives and the second only sends.
  bool duplex = true;
};

/// Two connected ends. Each has one owner; move one into a child.
///
/// @code
/// auto [parent_end, child_end] = ramet::pipe();
/// ramet::process child{talker, std::move(child_end)};
/// auto bob = parent_end.recv<person>();
/// @endcode
///
/// Costs no descriptor. Each direction holds 256 KiB of small messages, then
/// senders wait. Larger messages (above 32 KiB) lie in segments of their own:
/// one of any size, and more while at most 64 MiB of them lie unread.
/// @throws error resource_exhausted, os_failure
inline std::pair<connection, connection> pipe(pipe_options options = {}) {
  auto [first, second] = detail::pipe_side::create(options.duplex);
  return {connection{std::move(first)}, connection{std::move(second)}};
}

} // namespace ramet
