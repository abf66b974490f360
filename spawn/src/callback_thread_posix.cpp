// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "callback_thread.hpp"

#include "ending.hpp"

#include <csignal>
#include <utility>

#include <pthread.h>

namespace ramet::detail {

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
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before); // inherited by the thread
  try {
    thread_ = std::thread{[this] { run(); }};
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  stop_at_runtime_end([this] { finish(); });
}

void callback_thread::run() {
  std::unique_lock lock{guard_};
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !calls_.empty(); });
    if (calls_.empty())
      return;
    auto call = std::move(calls_.front());
    calls_.pop_front();
    lock.unlock();
    call();
    call = nullptr; // what it holds goes without the lock
    lock.lock();
  }
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
