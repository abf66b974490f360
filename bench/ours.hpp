// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The works done with ramet, as a user would write them.

#pragma once

#include "measure.hpp"

#include <cstddef>

namespace bench {

/// Messages arrive as vectors that the receiver owns.
seconds ramet_round_trip(std::size_t size, seconds budget);
seconds ramet_one_way(std::size_t size, seconds budget);

/// Messages are read where they lie.
seconds ramet_round_trip_view(std::size_t size, seconds budget);
seconds ramet_one_way_view(std::size_t size, seconds budget);

seconds ramet_queue(std::size_t producers, std::size_t consumers,
                    seconds budget);

/// A struct of strings and 1000 doubles, there and back again.
seconds ramet_record(seconds budget);

/// A connected socket is passed to a child, which answers on it.
seconds ramet_socket(seconds budget);

/// One addition under the lock of a shared value, by so many processes at once.
seconds ramet_increment(std::size_t processes, seconds budget);

/// Locked and unlocked again, or acquired and released, by the only one.
seconds ramet_mutex_alone(seconds budget);
seconds ramet_recursive_mutex_alone(seconds budget);
seconds ramet_shared_mutex_alone(seconds budget); ///< to read
seconds ramet_semaphore_alone(seconds budget);

/// Two processes take turns.
seconds ramet_semaphore_round_trip(seconds budget);
seconds ramet_event_round_trip(seconds budget);
/// One phase of two processes.
seconds ramet_barrier_phase(seconds budget);

seconds ramet_start_spawn(seconds budget);
seconds ramet_start_forkserver(seconds budget);
seconds ramet_start_fork(seconds budget);

// -- works of a pool; see pool_tasks.hpp --------------------------------------

/// One result of map; a chunk of 0: the pool's choice.
seconds ramet_pool_map(std::size_t chunk, seconds budget);
seconds ramet_pool_apply(seconds budget);
/// One of many futures that are there at once.
seconds ramet_pool_submit(seconds budget);
/// One task, of those that look at a part of a large argument each. Its share
/// of sending the argument is part of it.
seconds ramet_pool_argument(seconds budget);
/// One task that keeps its worker busy so long.
seconds ramet_pool_busy(std::size_t workers, std::size_t nanoseconds,
                        seconds budget);
/// One task with a worker of its own.
seconds ramet_pool_restart(seconds budget);

} // namespace bench
