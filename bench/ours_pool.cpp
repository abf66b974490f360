// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "ours.hpp"
#include "pool_tasks.hpp"

#include <ramet/pool.hpp>

#include <ranges>
#include <vector>

namespace bench {

seconds ramet_pool_map(std::size_t chunk, seconds budget) {
  ramet::pool pool{few_workers};
  auto end = static_cast<int>(inputs_of_map(chunk));
  auto round = median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i)
      expect(pool.map(next, std::views::iota(0, end), {.chunk = chunk}).back()
             == end);
  });
  return round / end;
}

seconds ramet_pool_apply(seconds budget) {
  ramet::pool pool{few_workers};
  return median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i)
      expect(pool.apply(next, 1) == 2);
  });
}

seconds ramet_pool_submit(seconds budget) {
  ramet::pool pool{few_workers};
  std::vector<ramet::future<int>> futures;
  futures.reserve(futures_at_once);
  auto round = median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      for (std::size_t x = 0; x < futures_at_once; ++x)
        futures.push_back(pool.submit(next, static_cast<int>(x)));
      for (std::size_t x = 0; x < futures_at_once; ++x)
        expect(futures[x].get() == static_cast<int>(x) + 1);
      futures.clear();
    }
  });
  return round / futures_at_once;
}

seconds ramet_pool_argument(seconds budget) {
  ramet::pool pool{few_workers};
  std::vector<double> numbers(numbers_in_argument, 1.0);
  std::vector<ramet::future<double>> futures;
  auto round = median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      auto shared = pool.share(numbers);
      for (std::size_t part = 0; part < parts_of_argument; ++part)
        futures.push_back(pool.submit(look, shared, part));
      for (auto& future : futures)
        expect(future.get() == 1000);
      futures.clear();
    }
  });
  return round / parts_of_argument;
}

seconds ramet_pool_busy(std::size_t workers, std::size_t nanoseconds,
                        seconds budget) {
  ramet::pool pool{workers};
  std::vector<std::int64_t> times(workers * busy_tasks(nanoseconds),
                                  static_cast<std::int64_t>(nanoseconds));
  auto round = median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i)
      pool.map(busy, times, {.chunk = 1});
  });
  return round / times.size();
}

seconds ramet_pool_restart(seconds budget) {
  ramet::pool pool{{.workers = 1, .max_tasks_per_worker = 1}};
  return median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i)
      expect(pool.apply(next, 1) == 2);
  });
}

} // namespace bench
