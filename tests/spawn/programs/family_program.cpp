// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A root process for the tests of whole families. Its first argument says what
// it does; all its members print a line when they begin.

#include "family.hpp"

#include <ramet/pool.hpp>
#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

namespace {

void say(const std::string& text) {
  auto line = text + "\n";
  [[maybe_unused]] auto size = ::write(STDOUT_FILENO, line.data(), line.size());
}

void begin(const std::string& what) {
  say(what + " " + std::to_string(::getpid()));
}

// A program whose launch can be held up before its main().
const bool held_up = [] {
  if (std::getenv("RAMET_TEST_STOP") && std::getenv("RAMET_FAMILY")) {
    begin("stopped");
    ::raise(SIGSTOP);
  }
  return true;
}();

void sleep_for_ever() {
  begin("child");
  for (;;)
    ::pause();
}

void sleep_with_a_child() {
  ramet::process grandchild{sleep_for_ever};
  begin("middle");
  grandchild.join();
  say("joined");
}

void sleep_stubbornly() {
  ::signal(SIGTERM, SIG_IGN);
  begin("child");
  for (;;)
    ::pause();
}

void handle_interrupts_itself() {
  ::signal(SIGINT, [](int) { ::_exit(7); });
  begin("child");
  for (;;)
    ::pause();
}

void end_soon(ramet::queue<int> go) {
  begin("child");
  go.get();
  say("child ends");
}

void start_for_ever() {
  for (;;)
    ramet::process{[] { ::usleep(1000); }};
}

/// A hundred tasks that never end, which only the static futures tell of.
void give_endless_tasks(ramet::pool& workers) {
  static std::vector<ramet::future<void>> tasks;
  for (int i = 0; i < 100; ++i)
    tasks.push_back(workers.submit(sleep_for_ever));
}

void wait_in_queue(ramet::queue<int> nothing) {
  begin("child");
  nothing.get();
}

} // namespace

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  std::string_view what = argc > 1 ? argv[1] : "";
  std::printf("buffered ");
  begin("root");
  say("directory " + ramet::detail::family::mine().directory());
  std::vector<ramet::process> all;
  if (what == "sleep") {
    all.emplace_back(sleep_for_ever);
    all.emplace_back(sleep_for_ever);
    all.emplace_back(sleep_with_a_child);
  } else if (what == "stubborn") {
    all.emplace_back(sleep_stubbornly);
    all.emplace_back(sleep_stubbornly);
  } else if (what == "queue") {
    ramet::queue<int> nothing;
    all.emplace_back(wait_in_queue, nothing);
    all.emplace_back(wait_in_queue, nothing);
    nothing.get();
    say("woken");
  } else if (what == "pool") {
    ramet::pool workers{2};
    std::vector<ramet::future<void>> tasks;
    for (int i = 0; i < 100; ++i)
      tasks.push_back(workers.submit(sleep_for_ever));
    tasks[0].wait();
    say("woken");
  } else if (what == "open_pool" || what == "open_pool_exit") {
    ramet::pool workers{2};
    give_endless_tasks(workers);
    if (what == "open_pool_exit")
      std::exit(3);
    return 3;
  } else if (what == "static_pool" || what == "static_pool_exit") {
    static ramet::pool workers{2};
    give_endless_tasks(workers);
    if (what == "static_pool_exit")
      std::exit(3);
    return 3;
  } else if (what == "ignore") {
    ::signal(SIGINT, SIG_IGN);
    all.emplace_back(sleep_for_ever);
  } else if (what == "handle") {
    ::signal(SIGINT, [](int) { ::_exit(5); });
    all.emplace_back(sleep_for_ever);
  } else if (what == "own_handler_in_child") {
    ::signal(SIGINT, [](int) {});
    all.emplace_back(handle_interrupts_itself);
    all[0].join();
    say(to_string(*all[0].status()));
    return 0;
  } else if (what == "storm") {
    for (int i = 0; i < 3; ++i)
      all.emplace_back(start_for_ever);
    start_for_ever();
  } else if (what == "daemon" || what == "exit") {
    ramet::queue<int> go;
    ramet::process{{.daemon = true}, sleep_for_ever};
    ramet::process{{.daemon = true}, sleep_stubbornly};
    ramet::process{end_soon, go};
    go.put(1);
    say("main ends");
    if (what == "exit")
      std::exit(3);
    return 3;
  } else if (what == "detach") {
    ramet::process child{sleep_for_ever};
    child.detach();
    say("main ends");
    return 0;
  } else if (what == "detach_and_sleep") {
    ramet::process child{sleep_for_ever};
    child.detach();
    all.emplace_back(sleep_for_ever);
  }
  for (auto& child : all) {
    child.join();
    say("joined");
  }
}
