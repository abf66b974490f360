// expect: has no constructor for these arguments
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>
#include <vector>

#include <ramet/manager.hpp>

struct tally {
  explicit tally(int start);
};

auto make(ramet::manager& m) {
  return m.make<tally>("text");
}
