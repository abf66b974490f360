// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A process as a descriptor: waited on by poll, signalled without the danger
/// of hitting another process that got the same pid.

#pragma once

#include "os_posix.hpp"

#include <ramet/detail/message.hpp>
#include <ramet/exit_status.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace ramet::detail {

/// Empty when there is no such process. @throws error resource_exhausted
unique_fd open_pidfd(int pid);

/// Waits until the process has ended; any number of threads may. False: timed
/// out. Collects nothing.
bool wait_for_end(int pidfd, deadline until);

/// Nothing happens if it has ended. @throws error os_failure (not permitted)
void send_signal(int pidfd, int signal);

/// Takes the exit status of an ended child from the system, which also frees
/// its entry there. If somebody else was faster, the status that the system may
/// still know of, else one that says neither code nor signal.
exit_status collect_exit(int pidfd);

/// The limit of processor time after which process `pid` gets SIGXCPU next: the
/// system adds a second each time it sends that. Also of one that has ended and
/// was not collected. Nothing if there is none, or it is not told.
std::optional<std::chrono::seconds> cpu_time_limit_of(int pid);

/// Now, in the unit of a process's start time (clock ticks since boot).
std::uint64_t start_time_now();

/// Whether process `pid` may be the one that started at that time (within the
/// seconds that a start can take). True if /proc does not tell.
bool started_at(int pid, std::uint64_t start_time);

/// True when process `pid` is being taken down by the system, which may take a
/// while until it has ended. False if /proc does not tell.
bool is_exiting(int pid);

} // namespace ramet::detail
