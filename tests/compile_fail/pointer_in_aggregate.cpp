// expect: a pointer cannot travel to another process: send the value it points to
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <string>
#include <vector>

#include <ramet/codec.hpp>

struct node {
  std::string name;
  node* next;
};

void send(const std::vector<node>& nodes) {
  ramet::encode(nodes);
}
