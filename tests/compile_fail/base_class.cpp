// expect: an aggregate with a base class cannot be taken apart: give it an inspect(f, x), or make the base a member
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/codec.hpp>

struct animal {
  int legs;
};
struct dog : animal {
  int fleas;
};

void send(const dog& x) {
  ramet::encode(x);
}
