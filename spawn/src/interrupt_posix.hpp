// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Ctrl-C: the root ends its family, with one message.
///
/// A terminal sends SIGINT to all processes of the family at once. The children
/// wait a moment for the root to end them: were they to die first, the root's
/// main thread would take that for failures and report them. A child that the
/// root has not ended by then dies as any program does, by SIGINT. So does one
/// whose parent sends it SIGINT (process::interrupt), at once.

#pragma once

#include <chrono>

namespace ramet::detail {

/// How long the members of a family get to end before they are made to.
inline constexpr std::chrono::milliseconds interrupt_grace{300};

/// How long a child waits for the root to end it. Longer than the root takes,
/// also where cores are busy: else the root sees children end by themselves.
inline constexpr std::chrono::milliseconds interrupt_patience{1000};

/// Handles SIGINT from now on, unless the program handles or ignores it.
void handle_interrupts();

/// In the child of a fork(): as if handle_interrupts() had not been called.
void forget_interrupts_after_fork() noexcept;

/// For the root's watcher: ends all children and this process (status 130).
[[noreturn]] void end_interrupted_family();

/// For a child's watcher, when the grace is over: ends this process by SIGINT,
/// unless the program has begun to handle that itself.
void die_of_interrupt();

} // namespace ramet::detail
