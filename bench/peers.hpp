// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The peers that are C++ libraries or bare system calls. Each function does a
/// work for about `budget` and returns the time of one.

#pragma once

#include "measure.hpp"

#include <cstddef>

namespace bench {

seconds socketpair_round_trip(std::size_t size, seconds budget);
seconds socketpair_one_way(std::size_t size, seconds budget);

/// One word each way, waiting in the kernel at once: the least that two
/// processes can do which do not spin.
seconds futex_round_trip(std::size_t size, seconds budget);

/// One copy between warm buffers of one process.
seconds memcpy_one_way(std::size_t size, seconds budget);

/// One addition under a robust mutex in shared memory, without anything around
/// it.
seconds mutex_increment(std::size_t processes, seconds budget);

/// The same mutex, locked and unlocked by the only one.
seconds mutex_alone(seconds budget);

/// message_queue of Boost.Interprocess.
seconds boost_round_trip(std::size_t size, seconds budget);
seconds boost_one_way(std::size_t size, seconds budget);
seconds boost_queue(std::size_t producers, std::size_t consumers,
                    seconds budget);

/// ZeroMQ over ipc://: PAIR for the pipe's works, PUSH and PULL for queues.
seconds zmq_round_trip(std::size_t size, seconds budget);
seconds zmq_one_way(std::size_t size, seconds budget);
seconds zmq_queue(std::size_t producers, std::size_t consumers, seconds budget);

/// A pool of threads, written plainly: the limit that a pool of processes can
/// come near. See ours.hpp.
seconds threads_map(std::size_t chunk, seconds budget);
seconds threads_apply(seconds budget);
seconds threads_submit(seconds budget);
/// Only refers to the argument.
seconds threads_argument(seconds budget);
seconds threads_busy(std::size_t workers, std::size_t nanoseconds,
                     seconds budget);

/// posix_spawn of this very program, told to return at once, and waitpid.
seconds posix_spawn_and_wait(seconds budget);
/// The argument that tells it.
inline constexpr const char* return_at_once = "--return-at-once";
/// fork, _exit and waitpid: the least that a process of its own costs.
seconds fork_and_wait(seconds budget);

} // namespace bench
