// expect: this actor's interface has no handler for an item of this type
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>

#include <ramet/source.hpp>

using taker = caf::typed_actor<caf::reacts_to<int>>;

ramet::source feed(ramet::queue<std::string> items, taker to) {
  return ramet::feed(items, to);
}
