// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a worker process does: it answers the requests of the connections that
/// it takes.

#pragma once

#include <ramet/handle.hpp>
#include <ramet/queue.hpp>

#include <chrono>
#include <cstddef>

namespace examples::preforked {

/// Accepted, and nobody's yet.
using connections = ramet::queue<ramet::handle>;

struct worker_options {
  std::size_t number = 0;
  std::size_t most_connections = 64; ///< at a time
  std::chrono::seconds patience{30}; ///< with a silent peer
};

/// Takes connections while it has room for more, and serves each until its peer
/// or an error closes it. Returns when the queue is closed, all that was in it
/// is taken, and what was begun is answered.
void work(worker_options how, connections from);

} // namespace examples::preforked
