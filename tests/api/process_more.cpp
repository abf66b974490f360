// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program as users write it: everything that a process can be asked.

#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>

#include <cstdlib>
#include <iostream>

using namespace std::chrono_literals;

void expect(bool condition, const char* what) {
  if (!condition) {
    std::cerr << "not so: " << what << std::endl;
    std::_Exit(1);
  }
}

void work(int) {
  ramet::queue<int> never;
  never.get();
}

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  ramet::set_default_start_method(ramet::start_method::spawn);     // spawn, forkserver, fork, thread
  ramet::process p{{.name = "worker-1", .daemon = true, .start = ramet::start_method::spawn}, work, 42};
  expect(p.pid() > 0 && p.name() == "worker-1" && p.running(), "it runs");
  expect(ramet::active_children().size() == 1, "one child is active");
  bool ended = p.join_for(20ms);
  expect(!ended && !p.status(), "it has not ended");
  p.terminate();
  p.join();
  if (auto s = p.status()) { expect(!s->code && s->signal == 15 && !s->success(), "SIGTERM ended it"); }
  else expect(false, "it has a status");
  expect(!p.exception(), "no exception ended it");
  ramet::process q{work, 1};
  q.interrupt();
  q.join();
  expect(q.status()->signal == 2, "SIGINT ended it");
  ramet::process r{work, 1};
  r.detach();
  r.kill();
  r.join();
  expect(r.status()->signal == 9, "SIGKILL ended it");
  expect(!ramet::parent_process(), "the founder has no parent");
  expect(ramet::this_process().name() == "MainProcess", "the founder's name");
  ramet::process f{{.name = "worker-1", .daemon = true, .start = ramet::start_method::forkserver}, work, 42};
  f.kill(); // as the ones above, it would wait for ever
  f.join();
  expect(f.status()->signal == 9, "SIGKILL ended it, too");
  std::cout << "ok" << std::endl;
}
