// expect: takes an argument by reference
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>
#include <vector>

#include <ramet/manager.hpp>

void change(ramet::managed_value<int> v, std::string& text) {
  v.update([](int& x, std::string& out) { out = std::to_string(x); }, text);
}
