// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program as users write it: shared values and arrays.

#include <ramet/process.hpp>
#include <ramet/runtime.hpp>
#include <ramet/shared_array.hpp>
#include <ramet/shared_value.hpp>

#include <cstdlib>
#include <iostream>
#include <span>

void expect(bool condition, const char* what) {
  if (!condition) {
    std::cerr << "not so: " << what << std::endl;
    std::_Exit(1);
  }
}

void updater(ramet::shared_value<int> val, ramet::shared_array<double> arr) {
  ++*val.lock();                                                 // locked for the expression
  for (double& x : arr.lock()) x += 1;
}
int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  ramet::shared_value<int> scalar{0};
  ramet::shared_array<double> vec(3);
  ramet::process p{updater, scalar, vec};
  p.join();
  expect(scalar.load() == 1, "the child has added 1");
  scalar.store(1); std::span<double> all = vec.unlocked();
  expect(all.size() == 3 && all[0] == 1 && all[2] == 1, "to all elements too");
}
