// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/ask.hpp>
#include <ramet/node.hpp>
#include <ramet/runtime.hpp>

#include <caf/all.hpp>

#include <iostream>

caf::behavior doubler() {
  return {[](int x) { return 2 * x; }};
}

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  ramet::node n;
  std::cout << "the actor says " << ramet::ask<int>(n.spawn(doubler), 3).get()
            << '\n';
}
