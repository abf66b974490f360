// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "callback_thread.hpp"

#include "ending.hpp"
#include "threads_posix.hpp"

#include <utility>

namespace ramet::detail {

namespace {

constinit thread_local bool this_is_it = false;

} // namespace

callback_thread& callback_thread::mine() {
  static auto* instance = new callback_thread;
  return *instance;
}

void callback_thread::post(std::function<void()> call) {
  {
    std::scoped_lock lock{guard_};
    if (!thread_.joinable())
      start();
    calls_.push_back(std::move(call));
  }
  changed_.notify_one();
}

void callback_thread::start() {
  signals_blocked blocked; // inherited by the thread
  thread_ = std::thread{[this] {
    name_this_thread("ramet-callbacks");
    run();
  }};
  stop_at_runtime_end([this] { finish(); });
}

void callback_thread::run() {
  this_is_it = true;
  std::unique_lock lock{guard_};
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !calls_.empty(); });
    if (calls_.empty())
      return;
    make_next(lock);
  }
}

void callback_thread::make_next(std::unique_lock<std::mutex>& lock) {
  auto call = std::move(calls_.front());
  calls_.pop_front();
  lock.unlock();
  call();
  call = nullptr; // what it holds goes without the lock
  lock.lock();
}

bool callback_thread::is_this() {
  return this_is_it;
}

void callback_thread::make_calls_until(const std::function<bool()>& done,
                                       deadline until) {
  std::unique_lock lock{guard_};
  while (!done()) {
    if (!calls_.empty())
      make_next(lock);
    else if (until.is_never())
      changed_.wait(lock);
    else if (changed_.wait_until(lock, until.at) == std::cv_status::timeout)
      return;
  }
}

void callback_thread::wake() {
  {
    std::scoped_lock lock{guard_}; // not between its look and its sleep
  }
  changed_.notify_one();
}

void callback_thread::finish() {
  {
    std::scoped_lock lock{guard_};
    stopping_ = true;
  }
  changed_.notify_one();
  if (std::this_thread::get_id() != thread_.get_id()) // a callback that exits
    thread_.join();
}

} // namespace ramet::detail
