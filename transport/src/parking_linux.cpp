// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "parking.hpp"

#include <algorithm>
#include <cerrno>
#include <thread>

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace ramet::detail {

bool parking_lot::sleep(std::uint32_t seen, deadline until) {
  if (until.is_now())
    return false;
  timespec at{};
  timespec* timeout = nullptr;
  if (!until.is_never()) {
    // steady_clock is CLOCK_MONOTONIC in libstdc++ and libc++.
    auto since = until.at.time_since_epoch();
    if (std::chrono::steady_clock::now() >= until.at)
      return false;
    auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    at.tv_sec = seconds.count();
    at.tv_nsec = std::chrono::nanoseconds(since - seconds).count();
    timeout = &at;
  }
  auto result = ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word_),
                          FUTEX_WAIT_BITSET, seen, timeout, nullptr,
                          FUTEX_BITSET_MATCH_ANY);
  return !(result == -1 && errno == ETIMEDOUT);
}

void parking_lot::wake(int how_many) {
  auto* word = reinterpret_cast<std::uint32_t*>(&word_);
  word_.fetch_add(2, std::memory_order_seq_cst);
  if (::syscall(SYS_futex, word, FUTEX_WAKE, how_many, nullptr, nullptr, 0) > 0)
    return;
  // A version of its own: a waiter may have seen the bit, and looked already,
  // but not be asleep yet. It must not go to sleep when the next one has set
  // the bit again, as it was not told of what changed in between.
  // One more does both, as the bit is the lowest. If another notifier has taken
  // it away since we looked, we set it again, for nobody: no harm. (The null
  // pointer is how many to wake if the comparison says so: none more.)
  if (word_.load(std::memory_order_seq_cst) & somebody)
    ::syscall(SYS_futex, word, FUTEX_WAKE_OP, everybody, nullptr, word,
              FUTEX_OP(FUTEX_OP_ADD, somebody, FUTEX_OP_CMP_EQ, 0));
}

bool several_cores() {
  static const bool result = [] {
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) != 0)
      return std::thread::hardware_concurrency() > 1;
    return CPU_COUNT(&set) > 1;
  }();
  return result;
}

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

} // namespace ramet::detail
