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

seconds ramet_start_spawn(seconds budget);
/// @throws unavailable when this version has no forkserver
seconds ramet_start_forkserver(seconds budget);

} // namespace bench
