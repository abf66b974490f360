// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "peers.hpp"
#include "pool_tasks.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <numeric>
#include <span>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace bench {

namespace {

/// As it is written everywhere: one queue, one lock. Nothing is encoded, and
/// nobody but the program as a whole can crash.
class thread_pool {
public:
  explicit thread_pool(std::size_t workers) {
    for (std::size_t i = 0; i < workers; ++i)
      workers_.emplace_back([this] { work(); });
  }
  ~thread_pool() {
    {
      std::scoped_lock lock{guard_};
      closed_ = true;
    }
    changed_.notify_all();
    for (auto& worker : workers_)
      worker.join();
  }

  std::size_t size() const { return workers_.size(); }

  template <class F, class R = std::invoke_result_t<F&>>
  std::future<R> submit(F f) {
    auto task = std::make_shared<std::packaged_task<R()>>(std::move(f));
    auto result = task->get_future();
    {
      std::scoped_lock lock{guard_};
      tasks_.emplace_back([task] { (*task)(); });
    }
    changed_.notify_one();
    return result;
  }

  /// Results of `f(x)` for all x. A chunk of 0: four tasks a worker.
  template <class F, class T, class R = std::invoke_result_t<F&, T>>
  std::vector<R> map(F f, const std::vector<T>& inputs, std::size_t chunk) {
    if (chunk == 0)
      chunk = std::max<std::size_t>(
          (inputs.size() + 4 * size() - 1) / (4 * size()), 1);
    std::vector<R> results(inputs.size());
    std::vector<std::future<void>> done;
    for (std::size_t first = 0; first < inputs.size(); first += chunk)
      done.push_back(submit([&, first, f] {
        auto end = std::min(first + chunk, inputs.size());
        for (auto i = first; i < end; ++i)
          results[i] = f(inputs[i]);
      }));
    for (auto& each : done)
      each.get();
    return results;
  }

private:
  void work() {
    for (;;) {
      std::function<void()> task;
      {
        std::unique_lock lock{guard_};
        changed_.wait(lock, [&] { return closed_ || !tasks_.empty(); });
        if (tasks_.empty())
          return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }

  std::mutex guard_; // of tasks_ and closed_
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool closed_ = false;
  std::vector<std::thread> workers_;
};

} // namespace

seconds threads_map(std::size_t chunk, seconds budget) {
  thread_pool pool{few_workers};
  std::vector<int> inputs(inputs_of_map(chunk));
  std::iota(inputs.begin(), inputs.end(), 0);
  auto round = median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i)
      expect(pool.map(next, inputs, chunk).back()
             == static_cast<int>(inputs.size()));
  });
  return round / inputs.size();
}

seconds threads_apply(seconds budget) {
  thread_pool pool{few_workers};
  return median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i)
      expect(pool.submit([] { return next(1); }).get() == 2);
  });
}

seconds threads_submit(seconds budget) {
  thread_pool pool{few_workers};
  std::vector<std::future<int>> futures;
  futures.reserve(futures_at_once);
  auto round = median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      for (std::size_t x = 0; x < futures_at_once; ++x)
        futures.push_back(
            pool.submit([x] { return next(static_cast<int>(x)); }));
      for (std::size_t x = 0; x < futures_at_once; ++x)
        expect(futures[x].get() == static_cast<int>(x) + 1);
      futures.clear();
    }
  });
  return round / futures_at_once;
}

seconds threads_argument(seconds budget) {
  thread_pool pool{few_workers};
  std::vector<double> numbers(numbers_in_argument, 1.0);
  std::vector<std::future<double>> futures;
  auto round = median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      for (std::size_t part = 0; part < parts_of_argument; ++part)
        futures.push_back(
            pool.submit([&numbers, part] { return look(numbers, part); }));
      for (auto& future : futures)
        expect(future.get() == 1000);
      futures.clear();
    }
  });
  return round / parts_of_argument;
}

seconds threads_busy(std::size_t workers, std::size_t nanoseconds,
                     seconds budget) {
  thread_pool pool{workers};
  std::vector<std::int64_t> times(workers * busy_tasks(nanoseconds),
                                  static_cast<std::int64_t>(nanoseconds));
  auto round = median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i)
      pool.map(busy, times, 1);
  });
  return round / times.size();
}

} // namespace bench
