// expect: a pointer means nothing in another process
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/shared_array.hpp>

struct node {
  int value;
  const node* next;
};

void share() {
  ramet::shared_array<node> all(10);
}
