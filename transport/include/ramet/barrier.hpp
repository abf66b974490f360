// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A point between processes at which all wait for all, again and again.

#pragma once

#include <ramet/codec.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/synchronizer.hpp>
#include <ramet/detail/wire.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

namespace ramet {

namespace detail {

/// A barrier without the type of its completion function.
class barrier_core : public synchronizer<object_kind::barrier> {
public:
  struct arrival {
    std::uint64_t phase;
    std::size_t index;
  };
  /// What the last one runs, of those that arrive.
  struct action {
    void* function = nullptr;
    void (*call)(void*) = nullptr;
  };

  explicit barrier_core(std::ptrdiff_t expected);

  arrival arrive(std::ptrdiff_t count, bool drop, const action& completion);
  /// False: timed out, and it is broken now.
  bool wait(const arrival& since, deadline until) const;
  void abort();
  void reset();
  bool broken() const;
  std::size_t parties() const;
  std::size_t waiting() const;

private:
  using synchronizer::synchronizer;
};

struct no_completion {
  void operator()() const noexcept {}
};

} // namespace detail

/// As std::barrier, across processes, with what Python's Barrier has beside it.
///
/// @code
/// ramet::barrier step{3};                  // barrier<>: three threads, in any
/// void work(ramet::barrier<> step) {       // processes, arrive in each phase
///   for (...) {
///     ...
///     step.arrive_and_wait();
///   }
/// }
/// ramet::barrier report{3, [] { puts("all are here"); }};
/// @endcode
///
/// The completion function runs once a phase, in the thread that arrives last,
/// before any goes on. It is a lambda without captures, or a functor that can
/// be sent in messages (with handles of what it is to change), as each process
/// has its own copy. When it throws, the barrier breaks.
///
/// A barrier breaks when one who waits gives up (arrive_and_wait_for), by
/// abort(), and when a process is killed, or ended by an exception, that has a
/// handle of it, or a message that carries one is dropped, as its reader is
/// gone: one will not arrive. So keep handles only where they arrive. All that
/// wait then, and all that arrive later, get an error `broken`, until somebody
/// calls reset().
///
/// Handles are values, and travel in messages. Thread-safe. Costs no
/// descriptor, and no system call for all but the last, except that they sleep.
template <class CompletionFunction = detail::no_completion>
class barrier {
public:
  /// When somebody arrived; to wait with.
  class arrival_token {
    friend class barrier;
    explicit arrival_token(const detail::barrier_core::arrival& since)
        : since_(since) {}
    detail::barrier_core::arrival since_;
  };

  /// @throws error protocol if `expected` is negative, resource_exhausted,
  ///   os_failure
  explicit barrier(std::ptrdiff_t expected,
                   CompletionFunction completion = CompletionFunction())
      : core_(expected), completion_(std::move(completion)) {
    static_assert(
        !std::is_pointer_v<CompletionFunction>,
        "ramet: a barrier's completion function runs in other processes, where "
        "a pointer means nothing: wrap the call in a lambda without captures");
  }
  // Moving copies: a handle that was moved from is still one.
  barrier(const barrier&) = default;
  barrier& operator=(const barrier&) = default;

  static constexpr std::ptrdiff_t max() noexcept {
    return std::numeric_limits<std::int32_t>::max();
  }

  /// Arrives, and waits until all have. Returns how many came before, in this
  /// phase: 0 to parties() - 1, a different one for each.
  /// @throws error broken (see above), protocol when all have arrived already;
  ///   whatever the completion function throws
  std::size_t arrive_and_wait() {
    auto since = arrive_at(1, false);
    core_.wait(since, detail::deadline::never());
    return since.index;
  }
  /// Nothing when not all came for so long; the barrier is broken then, for
  /// all.
  /// @throws as arrive_and_wait
  template <class Rep, class Period>
  std::optional<std::size_t>
  arrive_and_wait_for(std::chrono::duration<Rep, Period> time) {
    auto until = detail::deadline::in(time);
    auto since = arrive_at(1, false);
    if (!core_.wait(since, until))
      return std::nullopt;
    return since.index;
  }
  /// Arrives, for `count` parties; does not wait. @throws as arrive_and_wait
  [[nodiscard]] arrival_token arrive(std::ptrdiff_t count = 1) {
    return arrival_token{arrive_at(count, false)};
  }
  /// Waits until the phase of that arrival has ended. @throws error broken
  void wait(arrival_token&& since) const {
    core_.wait(since.since_, detail::deadline::never());
  }
  /// Arrives, and does not take part any more: in later phases, one is expected
  /// less. Does not wait. @throws as arrive_and_wait
  void arrive_and_drop() { arrive_at(1, true); }

  /// Breaks it.
  void abort() { core_.abort(); }
  /// Mends it, and begins a new phase; those who wait get an error `broken`.
  void reset() { core_.reset(); }
  bool broken() const { return core_.broken(); }
  /// How many are expected in this phase.
  std::size_t parties() const { return core_.parties(); }
  /// How many have arrived in this phase.
  std::size_t waiting() const { return core_.waiting(); }

private:
  friend struct detail::wire<barrier>;
  friend struct detail::handle_access;
  detail::object_ref ref() const { return detail::handle_access::ref(core_); }
  barrier(detail::barrier_core core, CompletionFunction completion)
      : core_(std::move(core)), completion_(std::move(completion)) {}

  detail::barrier_core::arrival arrive_at(std::ptrdiff_t count, bool drop) {
    if constexpr (std::is_same_v<CompletionFunction, detail::no_completion>)
      return core_.arrive(count, drop, {});
    else
      return core_.arrive(count, drop,
                          {&completion_, [](void* function) {
                             (*static_cast<CompletionFunction*>(function))();
                           }});
  }

  detail::barrier_core core_;
  [[no_unique_address]] CompletionFunction completion_;
};

namespace detail {

/// Nothing of it has to travel, as its type says all.
template <class F>
concept stateless_function =
    std::is_empty_v<F> && std::is_default_constructible_v<F>;

template <class F>
struct wire<barrier<F>> {
  using parts =
      std::conditional_t<stateless_function<F>, type_list<barrier_core>,
                         type_list<barrier_core, F>>;
  static consteval extent least() {
    if constexpr (stateless_function<F>)
      return extent_of<barrier_core>();
    else
      return extent_of<barrier_core>() + extent_of<F>();
  }
  template <class Out>
  static void save(Out& out, const barrier<F>& x) {
    put(out, x.core_);
    if constexpr (!stateless_function<F>)
      put(out, x.completion_);
  }
  static barrier<F> load(reader& in) {
    auto core = take<barrier_core>(in);
    if constexpr (stateless_function<F>)
      return {std::move(core), F{}};
    else
      return {std::move(core), take<F>(in)};
  }
};

} // namespace detail

} // namespace ramet
