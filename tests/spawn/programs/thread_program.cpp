// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program that ends while children that are threads are at work. Its argument
// says how.

#include <ramet/pool.hpp>
#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <unistd.h>

namespace {

const ramet::process_options a_thread{.start = ramet::start_method::thread};
const ramet::process_options a_daemon{.daemon = true,
                                      .start = ramet::start_method::thread};

void say(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
}

void sleep_for_ever() {
  for (;;)
    ::pause();
}

void say_that_it_sleeps(ramet::queue<int> begun) {
  say("sleeper " + std::to_string(::getpid()));
  begun.put(1);
  sleep_for_ever();
}

void exit_below(int depth, int code) {
  if (depth == 0)
    std::exit(code);
  ramet::process{a_thread, exit_below, depth - 1, code}.join();
  say("went on");
}

void start_late(ramet::queue<int> never) {
  // When main has returned, or is about to.
  never.get_for(std::chrono::milliseconds{50});
  ramet::process{say, "a process of " + ramet::this_process().name()};
  ramet::process{a_thread, say, "a thread of " + ramet::this_process().name()};
}

// Fails as soon as the family is left, and any time later.
void use_for_ever(ramet::queue<int> begun) {
  for (int i = 0;; ++i) {
    ramet::queue<int> fresh;
    fresh.put(i);
    ramet::process{a_thread, [] {}}.join();
    if (i == 3)
      begun.put(1);
  }
}

} // namespace

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  std::string_view what = argc > 1 ? argv[1] : "";
  ramet::queue<int> begun;
  if (what == "exit") {
    ramet::process{a_thread, exit_below, 2, 7}.join();
    say("went on");
  } else if (what == "late") {
    ramet::process{a_thread, start_late, begun};
  } else if (what == "daemon") {
    ramet::process{a_daemon, use_for_ever, begun};
    begun.get();
    say("returns");
  } else if (what == "process of a daemon") {
    ramet::process{
        a_daemon,
        [](ramet::queue<int> begun) {
          ramet::process{{.daemon = false}, say_that_it_sleeps, begun}.join();
        },
        begun};
    begun.get();
  } else if (what == "process of one that exits") {
    ramet::process{
        a_thread,
        [](ramet::queue<int> begun) {
          ramet::process{{.daemon = true}, say_that_it_sleeps, begun};
          begun.get();
          std::exit(3);
        },
        begun}
        .join();
  } else if (what == "pool") {
    static ramet::pool workers{
        {.workers = 1, .start = ramet::start_method::thread}};
    static auto result = workers.submit(say_that_it_sleeps, begun);
    begun.get();
  } else if (what == "detached") {
    ramet::process child{a_thread, say_that_it_sleeps, begun};
    child.detach();
    begun.get();
  }
}
