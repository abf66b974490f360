// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "command.hpp"
#include "ours.hpp"
#include "peers.hpp"

#include <ramet/runtime.hpp>

int main(int argc, char** argv) {
  using namespace bench;
  if (argc == 2 && std::string_view{argv[1]} == return_at_once)
    return 0;
  ramet::runtime rt{argc, argv};
  return run_command(
      {
          chunked("pool-map", ramet_pool_map),
          crewed("queue", ramet_queue),
          plain("barrier-phase", ramet_barrier_phase),
          plain("event-round-trip", ramet_event_round_trip),
          plain("fork", fork_and_wait),
          plain("mutex-alone", ramet_mutex_alone),
          plain("pool-apply", ramet_pool_apply),
          plain("pool-argument", ramet_pool_argument),
          plain("pool-restart", ramet_pool_restart),
          plain("pool-submit", ramet_pool_submit),
          plain("posix-spawn", posix_spawn_and_wait),
          plain("record", ramet_record),
          plain("recursive-mutex-alone", ramet_recursive_mutex_alone),
          plain("semaphore-alone", ramet_semaphore_alone),
          plain("semaphore-round-trip", ramet_semaphore_round_trip),
          plain("shared-mutex-alone", ramet_shared_mutex_alone),
          plain("socket", ramet_socket),
          plain("start-fork", ramet_start_fork),
          plain("start-forkserver", ramet_start_forkserver),
          plain("start-spawn", ramet_start_spawn),
          sized("one-way", ramet_one_way),
          sized("one-way-view", ramet_one_way_view),
          sized("round-trip", ramet_round_trip),
          sized("round-trip-view", ramet_round_trip_view),
          staffed("pool-busy", ramet_pool_busy),
          with_one("increment", "PROCESSES", ramet_increment),
      },
      argc, argv);
}
