// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "command.hpp"
#include "peers.hpp"

int main(int argc, char** argv) {
  using namespace bench;
  return run_command(
      {
          chunked("threads-map", threads_map),
          crewed("boost-queue", boost_queue),
          crewed("zmq-queue", zmq_queue),
          plain("mutex-alone", mutex_alone),
          plain("threads-apply", threads_apply),
          plain("threads-argument", threads_argument),
          plain("threads-submit", threads_submit),
          sized("boost-one-way", boost_one_way),
          sized("boost-round-trip", boost_round_trip),
          sized("futex-round-trip", futex_round_trip),
          sized("memcpy-one-way", memcpy_one_way),
          sized("socketpair-one-way", socketpair_one_way),
          sized("socketpair-round-trip", socketpair_round_trip),
          sized("zmq-one-way", zmq_one_way),
          sized("zmq-round-trip", zmq_round_trip),
          staffed("threads-busy", threads_busy),
          with_one("mutex-increment", "PROCESSES", mutex_increment),
      },
      argc, argv);
}
