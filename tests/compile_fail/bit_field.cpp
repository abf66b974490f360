// expect: an aggregate with bit-fields cannot be taken apart: give it an inspect(f, x)
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/codec.hpp>

struct flags {
  unsigned ready : 1;
  unsigned error : 1;
};

void send(const flags& x) {
  ramet::encode(x);
}
