// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Stands in for ZeroMQ where it is not installed: its rows are left out.

#include "command.hpp"
#include "peers.hpp"

namespace bench {

namespace {

[[noreturn]] void absent() {
  throw unavailable{"built without ZeroMQ"};
}

} // namespace

seconds zmq_round_trip(std::size_t, seconds) {
  absent();
}
seconds zmq_one_way(std::size_t, seconds) {
  absent();
}
seconds zmq_queue(std::size_t, std::size_t, seconds) {
  absent();
}

} // namespace bench
