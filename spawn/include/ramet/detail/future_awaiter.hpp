// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A future in a co_await expression.

#pragma once

#include <ramet/detail/future_state.hpp>

#include <atomic>
#include <coroutine>
#include <memory>
#include <utility>

namespace ramet::detail {

/// Lives in the coroutine's frame from its suspension until it goes on.
template <class R>
class future_awaiter {
public:
  explicit future_awaiter(std::shared_ptr<future_state<R>> state)
      : state_(std::move(state)) {}
  future_awaiter(const future_awaiter&) = delete;
  future_awaiter& operator=(const future_awaiter&) = delete;
  /// Also when the coroutine is destroyed while it waits.
  ~future_awaiter() {
    if (!state_)
      return;
    state_->take_back();
    state_->abandoned();
  }

  bool await_ready() { return state_->wait(deadline::now()); }

  /// False: go on at once. It was completed meanwhile, and whoever did that
  /// leaves the coroutine to this thread, whose stack it already has.
  bool await_suspend(std::coroutine_handle<> waiting) {
    auto state = state_; // *this may be gone when then() returns
    auto next = std::make_unique<resumption>(*this, waiting);
    state->then(std::move(next));
    return !second_.exchange(true, std::memory_order_acq_rel);
  }

  R await_resume() { return std::exchange(state_, nullptr)->take(); }

private:
  class resumption final : public future_state_base::continuation {
  public:
    resumption(future_awaiter& awaiter, std::coroutine_handle<> waiting)
        : awaiter_(awaiter), waiting_(waiting) {}
    void run(future_state_base&) override {
      if (awaiter_.second_.exchange(true, std::memory_order_acq_rel))
        run_callback([this] { waiting_.resume(); },
                     "a coroutine that awaited a future");
    }

  private:
    future_awaiter& awaiter_;
    std::coroutine_handle<> waiting_;
  };

  std::shared_ptr<future_state<R>> state_;
  // Set by both await_suspend and run: the second of them has the coroutine go
  // on. Pairs with itself.
  std::atomic<bool> second_{false};
};

} // namespace ramet::detail
