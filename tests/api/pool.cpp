// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program as users write it: pools and futures.

#include <ramet/async.hpp>
#include <ramet/pool.hpp>
#include <ramet/progress.hpp>
#include <ramet/runtime.hpp>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <ranges>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

double slow(int x) { return x * 0.5; }
double power(double base, int exponent) { return std::pow(base, exponent); }
void set_up(int) {}

void expect(bool condition, const char* what) {
  if (!condition) {
    std::cerr << "not as promised: " << what << std::endl;
    std::exit(1);
  }
}

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  auto endless_source = std::views::iota(0);
  std::vector<int> xs{1, 2, 3};
  std::vector<std::pair<double, int>> pairs{{2, 3}, {3, 2}};
  ramet::pool pool{4};                                             // or {{.workers = 4, .initializer = ..., .max_tasks_per_worker = 100}}
  ramet::pool other{{.workers = 1, .initializer = {set_up, 1}, .max_tasks_per_worker = 100}};
  std::vector<double> ys = pool.map(slow, std::views::iota(0, 1000));
  expect(ys.size() == 1000 && ys[999] == 499.5, "map");
  for (double y : pool.imap(slow, endless_source, {.window = 8})) {
    if (y == 10)
      break;
  }
  double sum = 0;
  for (double y : pool.imap_unordered(slow, xs))
    sum += y;
  expect(sum == 3, "imap_unordered");
  expect(pool.starmap(power, pairs) == std::vector<double>{8, 9}, "starmap");
  expect(pool.apply(slow, 3) == 1.5, "apply");
  ramet::future<double> f = pool.submit({.timeout = 5s, .retries = 2}, slow, 7);
  expect(f.wait_for(60s) && f.ready(), "wait_for");
  expect(!f.cancel() && f.get() == 3.5, "get");
  expect(other.submit(slow, 1).get_for(60s) == 0.5, "get_for");
  pool.submit(slow, 1).then([](double) {}, [](const ramet::error&) {});
  expect(pool.map(slow, xs, {.chunk = 10, .progress = ramet::progress_bar("thumbnails")}).size() == 3, "map with options");
  pool.close();
  pool.join();
  other.terminate();
  ramet::future<double> g = ramet::async(slow, 3);                 // in a process of its own
  expect(g.get() == 1.5, "async");
}
