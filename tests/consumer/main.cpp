// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A user's program: a child adds what it is sent.

#include <ramet/pipe.hpp>
#include <ramet/process.hpp>
#include <ramet/runtime.hpp>

#include <iostream>
#include <numeric>
#include <vector>

namespace {

void add(ramet::connection pipe) {
  auto numbers = pipe.recv<std::vector<int>>();
  pipe.send(std::accumulate(numbers.begin(), numbers.end(), 0));
}

} // namespace

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  auto [here, there] = ramet::pipe();
  ramet::process child{add, std::move(there)};
  here.send(std::vector<int>{1, 2, 3});
  std::cout << "the child says " << here.recv<int>() << std::endl;
  child.join();
}
