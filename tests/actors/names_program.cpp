// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The first process never uses actors; its children find each other by name.

#include <ramet/ask.hpp>
#include <ramet/names.hpp>
#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>

#include <caf/all.hpp>

#include <chrono>
#include <cstdlib>

using namespace std::chrono_literals;

namespace {

void give(ramet::queue<int> end) {
  auto one = ramet::actor_system().spawn(
      []() -> caf::behavior { return {[](int x) { return x + 1; }}; });
  if (!ramet::register_as("adder", one))
    std::exit(2);
  end.get();
}

void take(ramet::queue<int> out) {
  auto one = ramet::wait_for_name_for("adder", 20s);
  out.put(one ? ramet::ask<int>(one, 41).get() : 0);
}

} // namespace

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  ramet::queue<int> out;
  ramet::queue<int> end;
  ramet::process giver{give, end};
  ramet::process taker{take, out};
  auto found = out.get_for(30s);
  end.put(0);
  return found == 42 ? EXIT_SUCCESS : EXIT_FAILURE;
}
