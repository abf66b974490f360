// expect: a view owns nothing to receive into
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string_view>

#include <ramet/async.hpp>

std::string_view name_of(int x);

void start() {
  auto name = ramet::async(name_of, 3);
  name.get();
}
