// expect: ramet: the actor's function takes an argument by reference
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>

#include <ramet/supervisor.hpp>

#include <caf/event_based_actor.hpp>

caf::behavior record(caf::event_based_actor* self, std::string& log);

void start(ramet::supervisor& top, std::string& log) {
  top.spawn(record, log);
}
