// expect: cannot be called with this object
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>
#include <vector>

#include <ramet/manager.hpp>

struct tally {
  int add(int x);
};

int add(ramet::managed_object<tally> t) {
  return t.call(&tally::add, "text");
}
