// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A queue with three producers, and a parent that polls it without blocking,
/// as the timer of a graphical program would.
///
/// The child's function is an object with state. Each child gets a copy of it,
/// counts on in its own copy, and shares nothing but the queue.

#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <utility>

namespace {

using post_queue = ramet::queue<std::pair<int, int>>; // pid and state

struct counter {
  int state;
  std::chrono::milliseconds interval;
  post_queue post;

  void operator()() {
    for (int i = 0; i < 3; ++i) {
      std::this_thread::sleep_for(interval);
      post.put({ramet::this_process().pid(), ++state});
    }
  }
};

} // namespace

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};

  CLI::App app{"Three processes post their counters to one queue."};
  std::int64_t milliseconds = 1000;
  app.add_option("--interval", milliseconds,
                 "Time between two posts of a counter: 1s, 50ms")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, std::int64_t>{{"ms", 1}, {"s", 1000}}))
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{60'000}));
  CLI11_PARSE(app, argc, argv);
  std::chrono::milliseconds interval{milliseconds};

  std::cout << "start " << ramet::this_process().pid() << std::endl;
  post_queue post;
  ramet::process first{counter{0, interval, post}};
  ramet::process second{counter{100, interval, post}};
  ramet::process third{counter{1000, interval, post}};

  for (int got = 0; got < 9;) {
    if (auto item = post.try_get()) {
      std::cout << "posted: " << item->first << ' ' << item->second
                << std::endl;
      ++got;
    } else {
      std::cout << "no data..." << std::endl;
    }
    std::this_thread::sleep_for(interval / 2);
  }

  first.join();
  second.join();
  third.join();
  std::cout << "finish " << ramet::this_process().pid() << ' '
            << third.status()->code.value() << std::endl;
}
