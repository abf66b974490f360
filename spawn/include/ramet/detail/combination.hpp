// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// One future of several: what when_all and when_any have in common, and what
/// they have not.

#pragma once

#include <ramet/detail/future_state.hpp>
#include <ramet/future.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace ramet::detail {

/// Listens to several states at once, until it has heard enough: then lets go
/// of them all, and says when none of them can call any more.
///
/// It holds nothing but the listening. Who derives from it keeps the futures,
/// untouched until settle(), and is a state itself.
class listener {
public:
  listener() = default;
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  virtual ~listener() = default;

protected:
  /// What settle() hears when stop() was called instead.
  static constexpr std::size_t nobody = ~std::size_t{0};

  /// Once. `self` owns this object; whoever completes a part keeps it.
  void listen(const std::shared_ptr<listener>& self,
              std::vector<future_state_base*> parts);
  /// Enough, whatever was heard. Thread-safe.
  void stop() { stop_at(nobody); }
  /// For settle(): nobody wants the parts any more.
  void cancel_parts();

private:
  class ear;

  /// A part is ready. True: enough. In any thread, any number at a time.
  virtual bool hear(future_state_base& part) = 0;
  /// Nobody listens any more. `last` is the part that was enough.
  virtual void settle(std::size_t last) noexcept = 0;

  static constexpr std::size_t undecided = nobody - 1;
  // Bits of gate_; who sets the second takes the ears back.
  static constexpr std::uint32_t armed = 1;   // listen() is through
  static constexpr std::uint32_t stopped = 2; // last_ is decided

  void heard_from(std::size_t part);
  void stop_at(std::size_t last);
  void pass(std::uint32_t bit);
  void take_ears_back();
  void release(std::size_t holders);

  std::vector<future_state_base*> parts_;
  std::size_t ears_ = 0;               // so many of the parts have one
  std::atomic<std::size_t> holders_{}; // ears, and 1 for take_ears_back()
  std::atomic<std::size_t> last_{undecided};
  std::atomic<std::uint32_t> gate_{0};
};

/// How a result of a part of type R stands in a tuple.
template <class R>
using result_in_tuple =
    std::conditional_t<std::is_void_v<R>, std::monostate, R>;

// -- several futures, of one type or of many ----------------------------------

template <class R>
future_state_base* state_behind(const future<R>& part) {
  return future_access::state(part).get();
}

template <class R>
std::vector<future_state_base*> states_of(const std::vector<future<R>>& parts) {
  std::vector<future_state_base*> result;
  result.reserve(parts.size());
  for (auto& part : parts)
    result.push_back(state_behind(part));
  return result;
}

template <class... Rs>
std::vector<future_state_base*>
states_of(const std::tuple<future<Rs>...>& parts) {
  return std::apply(
      [](auto&... part) {
        return std::vector<future_state_base*>{state_behind(part)...};
      },
      parts);
}

template <class Parts>
struct results_of;

template <class R>
struct results_of<std::vector<future<R>>> {
  using type =
      typename std::conditional_t<std::is_void_v<R>, std::type_identity<void>,
                                  std::type_identity<std::vector<R>>>::type;

  static type take(std::vector<future<R>>& parts) {
    if constexpr (std::is_void_v<R>) {
      for (auto& part : parts)
        part.get();
    } else {
      type result;
      result.reserve(parts.size());
      for (auto& part : parts)
        result.push_back(part.get());
      return result;
    }
  }
};

template <class... Rs>
struct results_of<std::tuple<future<Rs>...>> {
  using type = std::tuple<result_in_tuple<Rs>...>;

  static type take(std::tuple<future<Rs>...>& parts) {
    return std::apply([](auto&... part) { return type{take_one(part)...}; },
                      parts);
  }
  template <class R>
  static result_in_tuple<R> take_one(future<R>& part) {
    if constexpr (std::is_void_v<R>) {
      part.get();
      return {};
    } else {
      return part.get();
    }
  }
};

// -- their one state ----------------------------------------------------------

/// Parts is a vector or a tuple of futures.
template <class Result, class Parts>
class combined_state : public future_state<Result>, public listener {
public:
  explicit combined_state(Parts parts) : parts_(std::move(parts)) {}

  /// Then it is complete, or will be.
  void begin() {
    auto states = states_of(parts_);
    for (auto* state : states)
      state->wait(deadline::now()); // may be there, unread
    auto self =
        std::static_pointer_cast<combined_state>(this->shared_from_this());
    listen(self, std::move(states));
  }

  bool cancel() override {
    if (!future_state_base::cancel())
      return false;
    stop();
    return true;
  }

  void abandoned() noexcept override { stop(); }

protected:
  Parts& parts() { return parts_; }

  /// Between claim() and the end of that, in settle().
  virtual void conclude(std::size_t last) = 0;

private:
  void settle(std::size_t last) noexcept final {
    // cancel() completes this before it stops the listening.
    bool cancelled = last == nobody ? this->ready() : !this->claim();
    if (cancelled)
      cancel_parts();
    else if (last != nobody)
      conclude(last);
    parts_ = Parts{}; // those still there are dropped
  }

  Parts parts_;
};

/// All of them, or the first failure.
template <class Parts>
class state_of_all final
    : public combined_state<typename results_of<Parts>::type, Parts> {
public:
  using result = typename results_of<Parts>::type;

  state_of_all(Parts parts, std::size_t count)
      : combined_state<result, Parts>(std::move(parts)), missing_(count) {}

private:
  bool hear(future_state_base& part) override {
    return part.failure()
           || missing_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

  void conclude(std::size_t last) override {
    auto& part = *states_of(this->parts())[last];
    if (part.failure()) {
      part.mark_seen();
      this->set_failure(part.failure());
      this->publish();
      return;
    }
    try {
      if constexpr (std::is_void_v<result>) {
        results_of<Parts>::take(this->parts());
        this->publish();
      } else {
        this->publish_value(results_of<Parts>::take(this->parts()));
      }
    } catch (...) { // no memory, or a move that throws
      this->set_failure(std::current_exception());
      this->publish();
    }
  }

  std::atomic<std::size_t> missing_;
};

/// The futures, as soon as one is ready.
template <class Result, class Parts>
class state_of_any final : public combined_state<Result, Parts> {
public:
  using combined_state<Result, Parts>::combined_state;

private:
  bool hear(future_state_base&) override { return true; }

  void conclude(std::size_t last) override {
    this->publish_value(Result{last, std::move(this->parts())});
  }
};

template <class State, class Result, class... Args>
future<Result> combine(Args&&... args) {
  auto state = std::make_shared<State>(std::forward<Args>(args)...);
  state->begin();
  return make_future<Result>(std::move(state));
}

/// @throws error closed, in the name of `operation`, if it is not valid
template <class R>
void require_valid(const future<R>& part, const char* operation) {
  if (!part.valid())
    throw_no_future(operation);
}

[[noreturn]] void throw_none_of_none();

} // namespace ramet::detail
