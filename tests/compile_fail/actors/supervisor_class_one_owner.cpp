// expect: ramet: an argument of a supervised actor must be copyable
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <utility>

#include <ramet/pipe.hpp>
#include <ramet/supervisor.hpp>

#include <caf/event_based_actor.hpp>

class printer : public caf::event_based_actor {
public:
  printer(caf::actor_config& config, ramet::connection pipe);
};

void start(ramet::supervisor& top) {
  auto [here, there] = ramet::pipe();
  top.spawn<printer>(std::move(there));
}
