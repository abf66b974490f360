// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "ours.hpp"
#include "ours_worker.hpp"

#include <ramet/barrier.hpp>
#include <ramet/event.hpp>
#include <ramet/mutex.hpp>
#include <ramet/recursive_mutex.hpp>
#include <ramet/semaphore.hpp>
#include <ramet/shared_mutex.hpp>

namespace bench {

namespace {

// Nobody else is there.
template <class Step>
seconds alone(seconds budget, Step&& step) {
  return median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i)
      step();
  });
}

/// One side of a conversation of two, in which one says "now you" and waits
/// until it is its turn again.
struct semaphores {
  ramet::counting_semaphore<> mine{0};
  ramet::counting_semaphore<> yours{0};

  void pass() {
    yours.release();
    mine.acquire();
  }
  void await() { mine.acquire(); }
  void answer() { yours.release(); }
  semaphores other_side() const { return {yours, mine}; }
};

struct events {
  ramet::event mine;
  ramet::event yours;

  void pass() {
    yours.set();
    await();
  }
  void await() {
    mine.wait();
    mine.clear();
  }
  void answer() { yours.set(); }
  events other_side() const { return {yours, mine}; }
};

template <class Turns>
void take_turns(ramet::connection control, Turns turns) {
  while (auto count = control.recv<order>()) {
    for (order i = 0; i < count; ++i) {
      turns.await();
      turns.answer();
    }
    control.send(true);
  }
}

template <class Turns>
seconds round_trip_by(seconds budget) {
  Turns turns;
  worker other{take_turns<Turns>, turns.other_side()};
  auto result = median_time(budget, [&](std::uint64_t n) {
    other.tell(n);
    for (std::uint64_t i = 0; i < n; ++i)
      turns.pass();
    other.wait();
  });
  other.tell(0);
  return result;
}

void step(ramet::connection control, ramet::barrier<> both) {
  while (auto count = control.recv<order>()) {
    for (order i = 0; i < count; ++i)
      both.arrive_and_wait();
    control.send(true);
  }
}

} // namespace

seconds ramet_mutex_alone(seconds budget) {
  ramet::mutex lock;
  return alone(budget, [&] {
    lock.lock();
    lock.unlock();
  });
}

seconds ramet_recursive_mutex_alone(seconds budget) {
  ramet::recursive_mutex lock;
  return alone(budget, [&] {
    lock.lock();
    lock.unlock();
  });
}

seconds ramet_shared_mutex_alone(seconds budget) {
  ramet::shared_mutex lock;
  return alone(budget, [&] {
    lock.lock_shared();
    lock.unlock_shared();
  });
}

seconds ramet_semaphore_alone(seconds budget) {
  ramet::counting_semaphore<> permits{1};
  return alone(budget, [&] {
    permits.acquire();
    permits.release();
  });
}

seconds ramet_semaphore_round_trip(seconds budget) {
  return round_trip_by<semaphores>(budget);
}

seconds ramet_event_round_trip(seconds budget) {
  return round_trip_by<events>(budget);
}

seconds ramet_barrier_phase(seconds budget) {
  ramet::barrier<> both{2};
  worker other{step, both};
  auto result = median_time(budget, [&](std::uint64_t n) {
    other.tell(n);
    for (std::uint64_t i = 0; i < n; ++i)
      both.arrive_and_wait();
    other.wait();
  });
  other.tell(0);
  return result;
}

} // namespace bench
