// expect: a smart pointer cannot travel to another process: send the value it points to
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <map>
#include <memory>
#include <string>

#include <ramet/codec.hpp>

void send(const std::map<std::string, std::unique_ptr<int>>& x) {
  ramet::encode(x);
}
