// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Ownership of a pipe's ends: taken, moved, closed, each by one atomic step.

#pragma once

#include "layouts.hpp"

#include <cstdint>

namespace ramet::detail {

/// Closes both mailboxes as seen from one end: the other end drains, then
/// reads `closed`, and writes `closed` at once.
void close_pipe_boxes(std::uint64_t object, std::byte* data);

/// Closes an end if `expected` still owns it; true if it did.
bool close_pipe_end(std::uint64_t object, std::byte* data, std::uint32_t end,
                    end_owner expected);

/// If the end is closed, drops what still waits for it: nobody will read it,
/// and ends of other pipes in it must not stay open. For who closes it, and,
/// as they may be at it just then, for who puts into it.
void drop_unreadable(std::uint64_t object, std::byte* data, std::uint32_t end);

/// If the end is closed, does all that goes with it again: who closed it may
/// have been killed before that.
void finish_closing(std::uint64_t object, std::byte* data, std::uint32_t end);

/// Out of a message, into this process. @throws error closed
end_owner adopt_pipe_end(pipe_layout& pipe, std::uint32_t end);

/// Out of this process, into a message. @throws error closed
void send_pipe_end(pipe_layout& pipe, std::uint32_t end);

/// Closes the end if it is still inside a message. May be repeated.
void drop_pipe_end(std::uint64_t object, std::byte* data, std::uint32_t end);

} // namespace ramet::detail
