// expect: ramet: the actor's class has no constructor for these
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>

#include <ramet/node.hpp>

#include <caf/event_based_actor.hpp>

class printer : public caf::event_based_actor {
public:
  printer(caf::actor_config& config, std::string name);
};

void start(ramet::node& n) {
  n.spawn<printer>(7, 8);
}
