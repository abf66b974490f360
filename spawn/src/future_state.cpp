// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/detail/future_state.hpp>

#include "callback_thread.hpp"
#include "parking.hpp"

#include <ramet/detail/exception_text.hpp>
#include <ramet/error.hpp>
#include <ramet/future.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>

namespace ramet::detail {

namespace {

std::string text_of_failure(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& problem) {
    return text_of(problem);
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

// In one write, and no matter what.
void tell(const char* who, const char* what,
          const std::exception_ptr& failure) noexcept {
  try {
    auto line =
        fmt::format("ramet: {}{}: {}\n", who, what, text_of_failure(failure));
    std::fputs(line.c_str(), stderr);
  } catch (...) { // out of memory
  }
}

} // namespace

future_state_base::~future_state_base() {
  if (failure_ && !(phase_.load(std::memory_order_relaxed) & seen))
    tell("nobody looked at the failure of a future", "", failure_);
  delete sleepers_.load(std::memory_order_relaxed);
}

bool future_state_base::wait(deadline until) {
  while (!ready()) {
    drive(until);
    if (until.is_never())
      continue;
    if (until.is_now() || std::chrono::steady_clock::now() >= until.at)
      return ready();
  }
  return true;
}

bool future_state_base::cancel() {
  if (!fail(std::make_exception_ptr(error(
          errc::closed, "getting the result of a future: it was cancelled"))))
    return false;
  mark_seen();
  return true;
}

void future_state_base::then(std::unique_ptr<continuation> next) {
  next_ = std::move(next);
  auto before = phase_.fetch_or(continued | awaited, std::memory_order_acq_rel);
  if (before & done)
    run_next();
  else if (!(before & awaited))
    expected();
}

std::unique_ptr<future_state_base::continuation>
future_state_base::take_back() {
  auto phase = phase_.load(std::memory_order_relaxed);
  do {
    if (!(phase & continued) || (phase & done))
      return nullptr;
  } while (!phase_.compare_exchange_weak(phase, phase & ~continued,
                                         std::memory_order_acq_rel,
                                         std::memory_order_relaxed));
  return std::move(next_);
}

bool future_state_base::fail(std::exception_ptr why) {
  if (!claim())
    return false;
  failure_ = std::move(why);
  publish();
  return true;
}

void future_state_base::publish() {
  auto before = phase_.fetch_or(done, std::memory_order_seq_cst);
  if (auto* sleeping = sleepers_.load(std::memory_order_seq_cst))
    sleeping->notify_all();
  if (before & helped)
    callback_thread::mine().wake();
  completed();
  if (before & continued)
    go_on();
}

void future_state_base::go_on_in_callback() {
  callback_thread::mine().post(
      [self = shared_from_this()] { self->run_next(); });
}

void future_state_base::run_next() {
  auto next = std::move(next_);
  next->run(*this);
}

parking_lot& future_state_base::sleepers() {
  auto* found = sleepers_.load(std::memory_order_seq_cst);
  if (!found) {
    auto made = std::make_unique<parking_lot>();
    if (sleepers_.compare_exchange_strong(found, made.get(),
                                          std::memory_order_seq_cst))
      found = made.release();
  }
  return *found;
}

void future_state_base::drive(deadline until) {
  static spinner spins;
  // Not by ready(): ordered after making the place to sleep; see sleepers_.
  auto look = [this] {
    return (phase_.load(std::memory_order_seq_cst) & done) != 0;
  };
  if (until.is_now() || spins.spin(look))
    return;
  if (callback_thread::is_this()) {
    // What completes this may be a callback that waits for its turn behind us.
    phase_.fetch_or(helped, std::memory_order_seq_cst);
    callback_thread::mine().make_calls_until(look, until);
  } else {
    sleepers().park(look, until);
  }
}

void call_with_error(const std::exception_ptr& failure,
                     const std::function<void(const error&)>& handle) {
  std::optional<error> other;
  try {
    std::rethrow_exception(failure);
  } catch (const error& known) {
    handle(known);
    return;
  } catch (...) {
    other.emplace(errc::child_failed, text_of_failure(failure));
  }
  handle(*other);
}

void run_callback(const std::function<void()>& call,
                  const char* what) noexcept {
  try {
    call();
  } catch (...) {
    tell(what, " ended by an exception", std::current_exception());
  }
}

void throw_no_future(const char* operation) {
  throw error(errc::closed,
              fmt::format("{} of a future: it has no result to come: it was "
                          "moved from, or its result was given away before",
                          operation));
}

} // namespace ramet::detail
