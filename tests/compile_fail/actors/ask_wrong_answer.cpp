// expect: could not convert
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>

#include <ramet/ask.hpp>

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

using account = caf::typed_actor<caf::replies_to<int>::with<int>>;

ramet::future<std::string> ask_for(const account& one) {
  return ramet::ask(one, 1);
}
