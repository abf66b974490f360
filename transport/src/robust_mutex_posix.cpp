// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "robust_mutex.hpp"

#include "os_posix.hpp"
#include "parking.hpp"

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <ctime>

#include <sched.h>

#if defined(__GLIBC__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace ramet::detail {

namespace {

constexpr int looks = 4;
constexpr int rounds_between_looks = 400;

lock_result result_of(int error) {
  switch (error) {
  case 0:
    return lock_result::locked;
  case EOWNERDEAD:
    return lock_result::owner_died;
  case EBUSY:
  case ETIMEDOUT:
    return lock_result::timed_out;
  case EDEADLK:
    throw ramet::error(errc::protocol,
                       "locking a mutex that this thread holds already would "
                       "never return: unlock it first");
  default:
    throw_os_error(error, "locking a shared mutex");
  }
}

} // namespace

void robust_mutex::init() {
  pthread_mutexattr_t attributes;
  ::pthread_mutexattr_init(&attributes);
  ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  ::pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  int error = ::pthread_mutex_init(&mutex_, &attributes);
  ::pthread_mutexattr_destroy(&attributes);
  if (error != 0)
    throw_os_error(error, "making a shared mutex");
}

lock_result robust_mutex::lock() {
  // Who is in our way is out of it soon, or comes again and again. Looking
  // only every few microseconds lets it do many steps without losing the cache
  // line, and costs neither side a system call; no longer than a wake takes.
  for (int i = 0; i < looks && several_cores(); ++i) {
    int error = ::pthread_mutex_trylock(&mutex_);
    if (error != EBUSY)
      return result_of(error);
    for (int k = 0; k < rounds_between_looks; ++k)
      relax();
  }
  return result_of(::pthread_mutex_lock(&mutex_));
}

lock_result robust_mutex::try_lock() {
  return result_of(::pthread_mutex_trylock(&mutex_));
}

lock_result robust_mutex::lock_until(deadline until) {
  if (until.is_never())
    return lock();
  if (until.is_now())
    return try_lock();
#if defined(__SANITIZE_THREAD__)
  // It knows neither pthread_mutex_clocklock nor a timed lock whose owner died.
  for (;;) {
    auto result = try_lock();
    if (result != lock_result::timed_out
        || std::chrono::steady_clock::now() >= until.at)
      return result;
    ::sched_yield();
  }
#else
  auto since = until.at.time_since_epoch();
  auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  timespec at{};
  at.tv_sec = seconds.count();
  at.tv_nsec = std::chrono::nanoseconds(since - seconds).count();
  return result_of(::pthread_mutex_clocklock(&mutex_, CLOCK_MONOTONIC, &at));
#endif
}

void robust_mutex::recovered() {
  ::pthread_mutex_consistent(&mutex_);
}

void robust_mutex::bury() {
#if defined(__GLIBC__)
  std::atomic_ref word{mutex_.__data.__lock};
  auto seen = word.load();
  auto owner = seen & FUTEX_TID_MASK;
  // kill() takes any thread's id. A lock that somebody got meanwhile has
  // another word; one that the system has marked has no owner.
  if (owner != 0 && ::kill(owner, 0) != 0 && errno == ESRCH)
    word.compare_exchange_strong(
        seen, static_cast<int>((seen & FUTEX_WAITERS) | FUTEX_OWNER_DIED));
  ::syscall(SYS_futex, &mutex_.__data.__lock, FUTEX_WAKE, INT_MAX, nullptr,
            nullptr, 0);
#endif
}

void robust_mutex::unlock() {
  if (::pthread_mutex_unlock(&mutex_) != 0)
    throw ramet::error(errc::protocol,
                       "unlocking a mutex that this thread does not hold");
}

} // namespace ramet::detail
