// expect: discards qualifiers
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>
#include <vector>

#include <ramet/manager.hpp>

void change(ramet::managed_dict<std::string, std::vector<int>> d) {
  d.at("k").push_back(1);
}
