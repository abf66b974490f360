// expect: this aggregate cannot be taken apart and rebuilt (has it a reference as a member?)
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/codec.hpp>

struct view {
  int& target;
};

void send(const view& x) {
  ramet::encode(x);
}
