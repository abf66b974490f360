// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What pools are given to do, ours and that of threads; peer_pool.py has the
/// same.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <stdexcept>

namespace bench {

/// Where the work does not say it: enough to be a pool, and no more than the
/// machine's cores.
inline constexpr std::size_t few_workers = 2;

/// As good as nothing, so that what the pool does for it is measured.
inline int next(int x) {
  return x + 1;
}

/// One map is of so many inputs, so that what the workers do alone at its
/// beginning and end counts for little.
inline constexpr std::size_t inputs_of_map(std::size_t chunk) {
  return chunk == 1 ? 10'000 : 100'000;
}

/// How many futures there are before the first one is asked for its result.
inline constexpr std::size_t futures_at_once = 10'000;

/// An argument of 100 MiB, and how many tasks look at a part of it each.
inline constexpr std::size_t numbers_in_argument = (100 << 20) / sizeof(double);
inline constexpr std::size_t parts_of_argument = 100;

/// Looks at 1000 of the numbers of one part.
inline double look(std::span<const double> all, std::size_t part) {
  auto first = part * (numbers_in_argument / parts_of_argument);
  auto some = all.subspan(first, 1000);
  return std::accumulate(some.begin(), some.end(), 0.0);
}

/// Keeps a processor busy until the clock has gone on so far.
inline int busy(std::int64_t nanoseconds) {
  using clock = std::chrono::steady_clock;
  auto end = clock::now() + std::chrono::nanoseconds{nanoseconds};
  int rounds = 0;
  while (clock::now() < end)
    ++rounds;
  return rounds;
}

/// How many of these keep one worker busy for 50 ms.
inline constexpr std::size_t busy_tasks(std::size_t nanoseconds) {
  return 50'000'000 / nanoseconds;
}

inline void expect(bool right) {
  if (!right)
    throw std::runtime_error{"a task has another result than it should"};
}

} // namespace bench
