// expect: ramet: an argument has one owner and cannot be copied
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/node.hpp>
#include <ramet/pipe.hpp>

#include <caf/event_based_actor.hpp>

class printer : public caf::event_based_actor {
public:
  printer(caf::actor_config& config, ramet::connection pipe);
};

void start(ramet::node& n) {
  auto [here, there] = ramet::pipe();
  n.spawn<printer>(there);
}
