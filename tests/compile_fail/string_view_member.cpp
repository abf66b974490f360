// expect: a view owns nothing to receive into: receive a std::string or a std::vector
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string_view>

#include <ramet/codec.hpp>

struct label {
  std::string_view text;
};

void send(const label& x) {
  ramet::encode(x);
}
