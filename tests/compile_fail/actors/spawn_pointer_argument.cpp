// expect: a pointer cannot travel to another process
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/node.hpp>

#include <caf/event_based_actor.hpp>

caf::behavior work(caf::event_based_actor* self, int* where);

void start(ramet::node& n) {
  int here = 0;
  n.spawn(work, &here);
}
