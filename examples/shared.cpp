// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Shared values: a number and an array that parent and children change, one
/// after another and at once, beside a global variable, of which each process
/// has its own.
///
/// What lies in shared memory is given to a child as a handle. A change under
/// the lock is never lost, however many change it at once.

#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>
#include <ramet/shared_array.hpp>
#include <ramet/shared_value.hpp>
#include <ramet/this_process.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

namespace {

using number = ramet::shared_value<int>;
using numbers = ramet::shared_array<double>;

int global = 0;

void show(const std::string& who, number scalar, numbers vector) {
  auto here = vector.lock();
  fmt::print("{:<13} pid {}, global {}, value {}, array [{:g}]\n", who,
             ramet::this_process().pid(), global, scalar.load(),
             fmt::join(here, " "));
  std::fflush(stdout);
}

void show_when_told(const std::string& who, number scalar, numbers vector,
                    ramet::queue<bool> go) {
  go.get();
  show(who, scalar, vector);
}

void update(number scalar, numbers vector) {
  ++global; // of this process
  ++*scalar.lock();
  for (double& x : vector.lock())
    x += 1;
}

void join_all(std::vector<ramet::process>& children) {
  for (auto& child : children)
    child.join();
  children.clear();
}

} // namespace

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  constexpr int count = 3;
  number scalar{0};
  numbers vector(count);
  std::vector<ramet::process> children;

  show("parent start", scalar, vector);
  ramet::process{show, "child start", scalar, vector}.join();

  // The parent changes, each child sees all changes so far.
  for (int i = 0; i < count; ++i) {
    ++*scalar.lock();
    vector.lock()[i] += 1;
    ramet::process{show, fmt::format("loop 1, {}", i), scalar, vector}.join();
  }

  // The same at once: they look when all is done.
  ramet::queue<bool> go;
  for (int i = 0; i < count; ++i) {
    ++*scalar.lock();
    vector.lock()[i] += 1;
    children.emplace_back(show_when_told, fmt::format("loop 2, {}", i), scalar,
                          vector, go);
  }
  for (int i = 0; i < count; ++i)
    go.put(true);
  join_all(children);

  // The children change, one after another.
  for (int i = 0; i < count; ++i)
    ramet::process{update, scalar, vector}.join();
  show("parent loop 3", scalar, vector);

  // And at once.
  for (int i = 0; i < count; ++i)
    children.emplace_back(update, scalar, vector);
  join_all(children);
  show("parent end", scalar, vector);
}
