// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A root process that ends while calls are under way. Its argument says which.

#include <ramet/async.hpp>
#include <ramet/error.hpp>
#include <ramet/pool.hpp>
#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <unistd.h>

namespace {

using namespace std::chrono_literals;

int slow(int x) {
  std::this_thread::sleep_for(50ms); // the parent is about to end by then
  return x;
}

int failing() {
  throw std::out_of_range("no such city");
}

void sleep_for_ever() {
  for (;;)
    ::pause();
}

void say(int x) {
  std::printf("called back with %d\n", x);
  std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "callback") {
    for (int i = 0; i < 3; ++i)
      ramet::async(slow, i).then(say);
  } else if (what == "exit") {
    ramet::async(slow, 3).then([](int x) { std::exit(x); });
    sleep_for_ever();
  } else if (what == "dropped") {
    ramet::async(slow, 1);
    ramet::async({.name = "worker-1"}, failing);
  } else if (what == "daemon") {
    ramet::async({.daemon = true}, sleep_for_ever);
  } else if (what == "pool") {
    // What errors refer to is made now, so the end of the runtime comes after
    // its own.
    ramet::queue<int> closed;
    closed.close();
    try {
      closed.put(1);
    } catch (const ramet::error&) {
    }
    ramet::pool workers{2};
    workers.apply(slow, 0);
    ramet::process last{slow, 1}; // the end waits for it
    std::exit(4);
  } else if (what == "static") {
    static auto kept = ramet::async({.name = "worker-1"}, failing);
  }
}
