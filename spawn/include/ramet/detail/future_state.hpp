// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a future and whoever completes it share.

#pragma once

#include <ramet/detail/message.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace ramet {

class error;
template <class R>
class future;

} // namespace ramet

namespace ramet::detail {

class parking_lot;

/// One result to come, without its type. Thread-safe.
///
/// Whoever completes it keeps a shared_ptr to it until it has, and completes it
/// in every case: by complete() of the derived class, or fail(). Doing so costs
/// two atomic operations, and more only when somebody sleeps or then() was
/// called.
class future_state_base
    : public std::enable_shared_from_this<future_state_base> {
public:
  /// What then() leaves behind.
  class continuation {
  public:
    continuation() = default;
    continuation(const continuation&) = delete;
    continuation& operator=(const continuation&) = delete;
    virtual ~continuation() = default;
    /// Called once, when the state is ready.
    virtual void run(future_state_base& state) = 0;
  };

  future_state_base() = default;
  future_state_base(const future_state_base&) = delete;
  future_state_base& operator=(const future_state_base&) = delete;
  /// Writes a line on stderr if there is a failure that nobody has looked at.
  virtual ~future_state_base();

  // -- for the future ---------------------------------------------------------

  bool ready() const {
    return (phase_.load(std::memory_order_acquire) & done) != 0;
  }
  /// Waits until ready() or the deadline, by calling drive(); with
  /// deadline::now(), once. Returns ready(). Throws what drive() throws.
  bool wait(deadline until);
  /// The result is not wanted any more. False: it was there already.
  /// By default fails with errc::closed; that is not reported as unseen.
  virtual bool cancel();
  /// Has `next` run as soon as it is ready: now, or in the thread that
  /// completes it. One at a time, and nobody calls wait() or take() meanwhile.
  void then(std::unique_ptr<continuation> next);
  /// Takes back what then() has left behind, before it has run; afterwards all
  /// is as before then(). Null: too late, it runs, or did.
  std::unique_ptr<continuation> take_back();
  /// The future was dropped: nobody will wait() any more.
  virtual void abandoned() noexcept {}

  /// Why there is no value; null if there is one. Needs ready().
  const std::exception_ptr& failure() const { return failure_; }
  /// Somebody has dealt with the failure, if there is one.
  void mark_seen() { phase_.fetch_or(seen, std::memory_order_relaxed); }

  // -- for whoever completes it -----------------------------------------------

  /// Completes with a failure. False: it was completed before.
  bool fail(std::exception_ptr why);

protected:
  /// Called by wait() in the waiting thread, any number of them at a time.
  /// Returns when ready(), when the time is over, or earlier. By default
  /// sleeps; an override may do itself what leads to completion.
  virtual void drive(deadline until);
  /// After completion, in the thread that completed: to wake those that sleep
  /// in a drive() of their own.
  virtual void completed() {}
  /// Has what then() left behind run: by default now, in the thread that
  /// completed.
  virtual void go_on() { run_next(); }
  /// An override for go_on(): in the thread for callbacks.
  void go_on_in_callback();
  /// After the first then() on a state that is not ready: from now on it must
  /// become so without anybody calling drive(). It may be called all the same.
  virtual void expected() {}

  /// True for the first: it, and nobody else, stores the result and then calls
  /// publish().
  bool claim() {
    return (phase_.fetch_or(claimed, std::memory_order_acquire) & claimed) == 0;
  }
  void publish();
  /// Instead of a result, between claim() and publish().
  void set_failure(std::exception_ptr why) { failure_ = std::move(why); }

private:
  // Bits of phase_.
  static constexpr std::uint32_t claimed = 1; // somebody stores the result
  static constexpr std::uint32_t done = 2; // pairs with ready(): it is stored
  static constexpr std::uint32_t continued = 4; // next_ is set
  static constexpr std::uint32_t seen = 8; // the failure is somebody's business
  static constexpr std::uint32_t awaited = 16; // expected() was called
  static constexpr std::uint32_t helped = 32;  // the thread for callbacks waits

  void run_next();
  parking_lot& sleepers();

  std::atomic<std::uint32_t> phase_{0};
  // Made by the first who sleeps. Pairs with `done`: either the sleeper sees
  // that, or who completes sees the sleeper.
  std::atomic<parking_lot*> sleepers_{nullptr};
  std::unique_ptr<continuation> next_;
  std::exception_ptr failure_;
};

/// With the result.
template <class R>
class future_state : public future_state_base {
public:
  /// False: it was completed before.
  bool complete(R value) {
    if (!claim())
      return false;
    publish_value(std::move(value));
    return true;
  }

  /// The value, once; or throws the failure. Needs ready().
  R take() {
    if (failure()) {
      mark_seen();
      std::rethrow_exception(failure());
    }
    return std::move(*value_);
  }

protected:
  /// After claim().
  void publish_value(R value) {
    try {
      value_.emplace(std::move(value));
    } catch (...) { // a move that throws
      set_failure(std::current_exception());
    }
    publish();
  }

private:
  std::optional<R> value_;
};

template <>
class future_state<void> : public future_state_base {
public:
  bool complete() {
    if (!claim())
      return false;
    publish();
    return true;
  }

  void take() {
    if (failure()) {
      mark_seen();
      std::rethrow_exception(failure());
    }
  }
};

template <class R>
future<R> make_future(std::shared_ptr<future_state<R>> state);

/// What stands behind a future, for those that build on futures.
struct future_access {
  /// Null if the future is not valid.
  template <class R>
  static const std::shared_ptr<future_state<R>>& state(const future<R>& of) {
    return of.state_;
  }
  /// The future is not valid afterwards. `operation` is for the error if it was
  /// not before.
  template <class R>
  static std::shared_ptr<future_state<R>> release(future<R>& of,
                                                  const char* operation) {
    of.use(operation);
    return std::exchange(of.state_, nullptr);
  }
};

/// Calls `handle` with the failure as an error: itself, or one of
/// errc::child_failed with its what().
void call_with_error(const std::exception_ptr& failure,
                     const std::function<void(const error&)>& handle);

/// Calls a callback of then(). What it throws is told on stderr, as nobody
/// else could hear of it; `what` says of whose.
void run_callback(const std::function<void()>& call,
                  const char* what = "a callback of future::then") noexcept;

/// What then() was given; OnError may be std::nullptr_t.
template <class R, class OnValue, class OnError>
class callbacks_of_then final : public future_state_base::continuation {
public:
  template <class V, class E>
  callbacks_of_then(V&& on_value, E&& on_error)
      : on_value_(std::forward<V>(on_value)),
        on_error_(std::forward<E>(on_error)) {}

  void run(future_state_base& base) override {
    auto& state = static_cast<future_state<R>&>(base);
    if (!state.failure()) {
      run_callback([&] {
        if constexpr (std::is_void_v<R>)
          std::invoke(on_value_);
        else
          std::invoke(on_value_, state.take());
      });
    } else if constexpr (!std::is_null_pointer_v<OnError>) {
      state.mark_seen();
      run_callback([&] {
        call_with_error(state.failure(), [&](const error& failure) {
          std::invoke(on_error_, failure);
        });
      });
    }
  }

private:
  OnValue on_value_;
  OnError on_error_;
};

} // namespace ramet::detail
