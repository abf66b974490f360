// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The same program with threads and with processes: two jobs, cut into parts,
/// by each start method that there is, and how long that took.
///
/// Counting primes needs the processors alone. Filling fresh memory needs the
/// system, too, which gives memory to the threads of one process one after
/// another. A child that is a thread starts soonest.

#include "threads_or_processes/bar_chart.hpp"

#include <ramet/error.hpp>
#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>
#include <ramet/start_method.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr ramet::start_method methods[] = {
    ramet::start_method::spawn,
    ramet::start_method::forkserver,
    ramet::start_method::thread,
};

/// One of `of` equal parts of a job.
struct part {
  std::uint64_t number = 0;
  std::uint64_t of = 1;
  std::uint64_t size = 0; ///< of the whole job
};

std::uint64_t count_primes(part which) {
  std::uint64_t count = 0;
  for (auto n = 2 + which.number; n < which.size; n += which.of) {
    bool prime = true;
    for (std::uint64_t d = 2; prime && d * d <= n; ++d)
      prime = n % d != 0;
    count += prime ? 1 : 0;
  }
  return count;
}

/// Fills and sums up so many MiB, a new piece of memory for each.
std::uint64_t fill_memory(part which) {
  constexpr std::size_t numbers = (1 << 20) / sizeof(std::uint64_t);
  std::uint64_t sum = 0;
  for (auto i = which.number; i < which.size; i += which.of) {
    std::vector<std::uint64_t> piece(numbers, i);
    for (auto x : piece)
      sum += x;
  }
  return sum;
}

using function = std::uint64_t (*)(part);

struct job {
  std::string name;
  function call = nullptr;
  std::uint64_t size = 0;
};

void work(function call, part which, ramet::queue<std::uint64_t> results) {
  results.put(call(which));
}

std::uint64_t by_children(const job& what, std::uint64_t count,
                          ramet::start_method method) {
  ramet::queue<std::uint64_t> results;
  std::vector<ramet::process> children;
  for (std::uint64_t i = 0; i < count; ++i)
    children.emplace_back(ramet::process_options{.start = method}, work,
                          what.call, part{i, count, what.size}, results);
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < count; ++i)
    sum += results.get();
  for (auto& child : children)
    child.join();
  return sum;
}

/// Fewer than all in a version of ramet that does not have them.
std::vector<ramet::start_method> available_methods() {
  std::vector<ramet::start_method> result;
  auto before = ramet::default_start_method();
  for (auto method : methods)
    try {
      ramet::set_default_start_method(method);
      result.push_back(method);
    } catch (const ramet::error&) {
    }
  ramet::set_default_start_method(before);
  return result;
}

/// The shortest time of several, in seconds. All must give the same result.
template <class Call>
double best_time(unsigned rounds, std::uint64_t expected, Call call) {
  double best = std::numeric_limits<double>::max();
  for (unsigned round = 0; round < rounds; ++round) {
    auto start = std::chrono::steady_clock::now();
    auto result = call();
    std::chrono::duration<double> time =
        std::chrono::steady_clock::now() - start;
    if (result != expected)
      throw std::runtime_error{
          fmt::format("a result is wrong: {}, not {}", result, expected)};
    best = std::min(best, time.count());
  }
  return best;
}

examples::bar_chart::group measure(const job& what, std::uint64_t workers,
                                   unsigned rounds) {
  examples::bar_chart::group result{what.name, {}};
  auto expected = what.call({0, 1, what.size});
  const bool has_work = what.size > 0;
  auto show = [&](std::string_view name, double seconds) {
    result.bars.push_back({std::string{name}, seconds});
    auto compared = has_work ? fmt::format(", {:.2f} times as fast",
                                           result.bars.front().value / seconds)
                             : std::string{};
    fmt::print("{:<14} {:<12} {:.4f} s{}\n", what.name, name, seconds,
               compared);
    std::fflush(stdout);
  };
  if (has_work)
    show("no child", best_time(rounds, expected, [&] {
           return what.call({0, 1, what.size});
         }));
  for (auto method : available_methods())
    show(to_string(method), best_time(rounds, expected, [&] {
           return by_children(what, workers, method);
         }));
  return result;
}

} // namespace

int main(int argc, char** argv) try {
  ramet::runtime rt{argc, argv};

  std::uint64_t workers = std::max(2U, std::thread::hardware_concurrency());
  std::uint64_t primes = 1'000'000;
  std::uint64_t megabytes = 1024;
  unsigned rounds = 3;
  std::string svg;
  CLI::App app{"Runs two jobs in parts, by threads and by processes, and "
               "compares the times."};
  app.add_option("--workers", workers, "Children for each job")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--primes", primes, "Count the primes below this number")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--megabytes", megabytes, "Fill so many MiB of memory")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--rounds", rounds, "The best time of so many is taken")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--svg", svg, "Draw the times into this file");
  CLI11_PARSE(app, argc, argv);

  examples::bar_chart chart{
      fmt::format("{} children for each job, best of {}", workers, rounds),
      "s",
      {}};
  for (auto& what : {job{"count primes", count_primes, primes},
                     job{"fill memory", fill_memory, megabytes},
                     job{"start and end", fill_memory, 0}})
    chart.groups.push_back(measure(what, workers, rounds));
  if (!svg.empty()) {
    chart.save_svg(svg);
    fmt::print("drawn into {}\n", svg);
  }
  return EXIT_SUCCESS;
} catch (const std::exception& e) {
  fmt::print(stderr, "threads_or_processes: {}\n", e.what());
  return EXIT_FAILURE;
}
