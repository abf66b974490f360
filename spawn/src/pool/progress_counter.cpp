// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/detail/progress_counter.hpp>

#include <utility>

namespace ramet::detail {

void progress_counter::begin(progress_function tell, std::size_t total) {
  tell_ = std::move(tell);
  if (!tell_)
    return;
  start_ = std::chrono::steady_clock::now();
  state_.total = total;
  tell_(state_);
}

bool progress_counter::add(std::size_t done, std::size_t failed, bool last) {
  if (!tell_)
    return last;
  std::unique_lock lock{guard_};
  state_.done += done;
  state_.failed += failed;
  news_ = true;
  return tell_news(std::move(lock), last);
}

bool progress_counter::total_is(std::size_t total, bool last) {
  if (!tell_)
    return last;
  std::unique_lock lock{guard_};
  if (std::exchange(state_.total, total) != total && state_.finished())
    news_ = true;
  return tell_news(std::move(lock), last);
}

void progress_counter::stop() {
  if (!tell_)
    return;
  std::unique_lock lock{guard_};
  stopped_ = true;
  told_.wait(lock, [this] {
    return telling_ == std::thread::id{}
           || telling_ == std::this_thread::get_id();
  });
}

bool progress_counter::tell_news(std::unique_lock<std::mutex> lock, bool last) {
  last_ |= last;
  if (telling_ != std::thread::id{})
    return false;
  telling_ = std::this_thread::get_id();
  while (std::exchange(news_, false) && !stopped_) {
    auto now = state_;
    now.elapsed = std::chrono::steady_clock::now() - start_;
    lock.unlock();
    tell_(now);
    lock.lock();
  }
  telling_ = {};
  told_.notify_all();
  return std::exchange(last_, false);
}

} // namespace ramet::detail
