// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The future of a pool's task.

#pragma once

#include <ramet/detail/future_state.hpp>
#include <ramet/detail/pack.hpp>
#include <ramet/detail/pool_call.hpp>
#include <ramet/detail/pool_link.hpp>
#include <ramet/error.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace ramet::detail {

/// A task was to be sent again, of which nothing is kept any more.
[[noreturn]] void throw_cancelled();

/// An argument with one owner was to be kept for retries.
[[noreturn]] void throw_sent_once();

/// How to encode something again that was sent once.
using encoder = std::function<void(const outgoing_user&)>;

/// Whether somebody wants to hear of an outcome for which no thread waits; told
/// to the pool at most once, and taken back once.
class attention {
public:
  void want(const pool_link& pool) {
    auto before = state::none;
    if (state_.compare_exchange_strong(before, state::wanted))
      pool.keep_receiving(true);
  }
  void over(const pool_link& pool) noexcept {
    if (state_.exchange(state::over) == state::wanted)
      pool.keep_receiving(false);
  }
  bool wanted() const noexcept { return state_.load() == state::wanted; }

private:
  enum class state { none, wanted, over };
  std::atomic<state> state_{state::none};
};

/// What all futures of a pool do alike: whoever waits receives for it.
template <class R>
class pool_future_state : public future_state<R>, public task_sink {
public:
  explicit pool_future_state(pool_link pool) : pool_(std::move(pool)) {}

  void given_up() noexcept final { this->mark_seen(); }

  void abandoned() noexcept final {
    try {
      if (!this->ready())
        attention_.want(pool_);
    } catch (const std::exception&) { // no thread: told when the pool ends
    }
  }

protected:
  void drive(deadline until) final {
    auto done = [this] { return this->ready(); };
    pool_.drive(*this, done, until);
  }
  // Whoever receives the outcome may have other things to do.
  void go_on() final { this->go_on_in_callback(); }
  void expected() final { attention_.want(pool_); }
  void completed() final { attention_.over(pool_); }

  const pool_link& pool() const { return pool_; }

private:
  pool_link pool_;
  attention attention_;
};

/// Of one call.
template <class R>
class task_state final : public pool_future_state<R> {
public:
  /// `again` is needed if there are to be retries.
  task_state(pool_link pool, encoder again)
      : pool_future_state<R>(std::move(pool)) {
    if (again)
      again_ = std::make_shared<const encoder>(std::move(again));
  }

  bool cancel() override {
    if (this->wait(deadline::now()) || !future_state_base::cancel())
      return false;
    for (std::uint64_t ticket = 0; ticket != ticket_.load();) {
      ticket = ticket_.load(); // a new one if it is just tried again
      this->pool().cancel(ticket);
    }
    let_go();
    return true;
  }

  void take_value(std::uint64_t, const incoming& value) override {
    value_.emplace(decode_message<result_form<R>>(value));
  }
  void take_failure(std::uint64_t, std::exception_ptr why) noexcept override {
    failure_ = std::move(why);
  }
  void settled(std::uint64_t) noexcept override {
    let_go();
    if (failure_)
      this->fail(std::move(failure_));
    else if constexpr (std::is_void_v<R>)
      this->complete();
    else
      this->complete(std::move(*value_));
  }

  void numbered(std::uint64_t, std::uint64_t ticket) noexcept override {
    ticket_.store(ticket);
  }
  void encode_again(std::uint64_t, const outgoing_user& use) override {
    std::shared_ptr<const encoder> again;
    {
      std::scoped_lock lock{guard_};
      again = again_;
    }
    if (!again)
      throw_cancelled();
    (*again)(use);
  }

private:
  // Of what is kept for retries.
  void let_go() noexcept {
    std::unique_lock lock{guard_};
    auto gone = std::move(again_);
    lock.unlock();
  }

  std::mutex guard_; // of again_
  std::shared_ptr<const encoder> again_;
  std::atomic<std::uint64_t> ticket_{0};
  // Between take_...() and settled(); by one thread.
  std::optional<result_form<R>> value_;
  std::exception_ptr failure_;
};

} // namespace ramet::detail
