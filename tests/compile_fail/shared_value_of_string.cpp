// expect: only what can be copied byte by byte can lie in shared memory
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/shared_value.hpp>

#include <string>

void share() {
  ramet::shared_value<std::string> name;
}
