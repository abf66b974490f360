// expect: ramet: an argument of a supervised actor must be copyable
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <utility>

#include <ramet/pipe.hpp>
#include <ramet/supervisor.hpp>

#include <caf/event_based_actor.hpp>

caf::behavior talk(caf::event_based_actor* self, ramet::connection pipe);

void start(ramet::supervisor& top) {
  auto [here, there] = ramet::pipe();
  top.spawn(talk, std::move(there));
}
