// expect: ramet: the actor's function cannot be called with these
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>

#include <ramet/supervisor.hpp>

#include <caf/event_based_actor.hpp>

caf::behavior work(caf::event_based_actor* self, std::string text, int times);

void start(ramet::supervisor& top) {
  top.spawn(work, "text", "three");
}
