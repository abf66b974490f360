// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Waiting for a change of shared memory, across processes, without lost
/// wakes and without a count that a killed waiter could leave wrong.

#pragma once

#include <ramet/detail/message.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace ramet::detail {

/// A place in shared memory where threads of any process sleep until somebody
/// changes what they wait for. All zero: ready to use.
///
/// The futex word is a version (upper 31 bits) and one bit that says
/// "somebody may be asleep". A waiter sets the bit, looks again at what it
/// waits for, and sleeps only while the word has kept its value. A notifier
/// that finds the bit changes the version and wakes; if nobody was there (the
/// waiter left, or was killed) it takes the bit away with another version, and
/// wakes whoever came in between, in one step for the system: nobody is killed
/// or stopped between the two. So a killed waiter costs one spare wake, once.
class parking_lot {
public:
  /// Sleeps until `ready()` or the deadline; returns ready(). May return
  /// early only with true.
  template <class Ready>
  bool park(Ready&& ready, deadline until) {
    for (;;) {
      auto seen = word_.load(std::memory_order_seq_cst);
      if (!(seen & somebody)) {
        if (!word_.compare_exchange_weak(seen, seen | somebody,
                                         std::memory_order_seq_cst))
          continue;
        seen |= somebody;
      }
      if (ready())
        return true;
      if (!sleep(seen, until))
        return ready();
    }
  }

  /// Wakes one. Call after the change is visible.
  void notify_one() {
    // Pairs with the waiter's store of the bit: either it sees our change, or
    // we see its bit.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    notify_one_after_fence();
  }

  /// The same, for a caller that has just made a full fence.
  void notify_one_after_fence() {
    if (word_.load(std::memory_order_relaxed) & somebody)
      wake(1);
  }

  /// Wakes all. Call after the change is visible.
  void notify_all() {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (word_.load(std::memory_order_relaxed) & somebody)
      wake(everybody);
  }

  bool somebody_parked() const {
    return word_.load(std::memory_order_relaxed) & somebody;
  }

private:
  static constexpr std::uint32_t somebody = 1;
  static constexpr int everybody = 0x7fffffff;

  /// False when the deadline has passed.
  bool sleep(std::uint32_t seen, deadline until);
  void wake(int how_many);

  std::atomic<std::uint32_t> word_;
};

/// May this process run on more than one core? If not, spinning is in vain.
bool several_cores();

/// Tells the core that this is a spin loop; some 10 to 50 ns.
void relax();

/// Spins a little before parking: a wake on another core costs more than most
/// answers take. How long follows what paid off lately: where cores are busy
/// spinning never does, and after a few tries it is only tried now and then,
/// more and more seldom. None on one core. One object a waiting place and
/// process.
class spinner {
public:
  // Waking somebody on another core takes some 20 us, so whoever waits for an
  // answer from a parked one needs about twice that.
  static constexpr std::chrono::nanoseconds longest{60'000};

  /// True as soon as `ready()` is; false: park.
  template <class Ready>
  bool spin(Ready&& ready) {
    using clock = std::chrono::steady_clock;
    auto budget =
        std::chrono::nanoseconds{budget_.load(std::memory_order_relaxed)};
    bool trying = budget < worthwhile;
    if (trying) {
      auto waits = waits_.load(std::memory_order_relaxed) + 1;
      waits_.store(waits, std::memory_order_relaxed);
      if (waits < try_after_.load(std::memory_order_relaxed)
          || !several_cores())
        return ready();
      waits_.store(0, std::memory_order_relaxed);
      budget = longest;
    }
    auto start = clock::now();
    for (int rounds = 0;; ++rounds) {
      for (int i = 0; i < looks_between_clocks; ++i) {
        if (ready()) {
          if (trying || rounds > 0)
            learn(clock::now() - start);
          return true;
        }
        relax();
      }
      if (clock::now() - start >= budget)
        break;
      // Who is to answer may wait for this very core. But so may others, that
      // keep it: not while we only try.
      if (!trying)
        std::this_thread::yield();
    }
    if (trying)
      try_more_seldom();
    else
      budget_.store((budget / 2).count(), std::memory_order_relaxed);
    return ready();
  }

private:
  // Allows for as much next time, and more. But if it took much longer than it
  // was to take, the core was given to somebody who kept it: a sleeper would
  // have had it back at once when it was woken.
  void learn(std::chrono::nanoseconds took) {
    if (took > 2 * longest) {
      budget_.store(0, std::memory_order_relaxed);
      try_more_seldom();
      return;
    }
    auto budget = std::min(longest, 2 * took + worthwhile);
    budget_.store(budget.count(), std::memory_order_relaxed);
    if (took <= longest / 4)
      try_after_.store(try_after_least, std::memory_order_relaxed);
  }
  void try_more_seldom() {
    auto after = try_after_.load(std::memory_order_relaxed);
    try_after_.store(std::min(2 * after, try_after_most),
                     std::memory_order_relaxed);
  }

  static constexpr std::chrono::nanoseconds worthwhile{4'000};
  static constexpr std::uint32_t try_after_least = 16;
  static constexpr std::uint32_t try_after_most = 1024;
  static constexpr int looks_between_clocks = 16;

  std::atomic<std::int64_t> budget_{several_cores() ? (longest / 2).count()
                                                    : 0};
  std::atomic<std::uint32_t> waits_{0};
  std::atomic<std::uint32_t> try_after_{try_after_least};
};

} // namespace ramet::detail
