// expect: discards qualifiers
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>
#include <vector>

#include <ramet/manager.hpp>

void change(ramet::managed_list<std::vector<int>> l) {
  for (auto& x : l.snapshot())
    x.push_back(1);
}
