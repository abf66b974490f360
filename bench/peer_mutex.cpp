// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "forked.hpp"
#include "peers.hpp"

#include <new>

#include <pthread.h>
#include <sys/mman.h>

namespace bench {

namespace {

struct guarded {
  pthread_mutex_t mutex;
  std::int64_t number = 0;

  guarded() {
    pthread_mutexattr_t attributes;
    ::pthread_mutexattr_init(&attributes);
    ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    ::pthread_mutex_init(&mutex, &attributes);
    ::pthread_mutexattr_destroy(&attributes);
  }

  void lock_and_unlock(order count) {
    for (order i = 0; i < count; ++i) {
      if (::pthread_mutex_lock(&mutex) != 0)
        throw std::runtime_error{"another process has died"};
      ::pthread_mutex_unlock(&mutex);
    }
  }

  void increment(order count) {
    for (order i = 0; i < count; ++i) {
      if (::pthread_mutex_lock(&mutex) != 0)
        throw std::runtime_error{"another process has died"};
      ++number;
      ::pthread_mutex_unlock(&mutex);
    }
  }
};

guarded& make_guarded() {
  void* memory = ::mmap(nullptr, sizeof(guarded), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    fail("mmap");
  return *new (memory) guarded;
}

} // namespace

seconds mutex_alone(seconds budget) {
  auto& shared = make_guarded();
  return median_time(budget,
                     [&](std::uint64_t n) { shared.lock_and_unlock(n); });
}

seconds mutex_increment(std::size_t processes, seconds budget) {
  auto& shared = make_guarded();
  std::vector<forked_worker> others;
  for (std::size_t i = 1; i < processes; ++i)
    others.push_back(forked_worker::start(
        [&shared](order count) { shared.increment(count); }));
  return shared_time(others, budget,
                     [&](order count) { shared.increment(count); });
}

} // namespace bench
