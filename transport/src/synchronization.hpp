// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What stands in the files of objects that threads synchronize with, and how
/// it outlives the death of anybody. All zero but for init(): ready to use.

#pragma once

#include "layouts.hpp"
#include "lifetime.hpp"
#include "object.hpp"
#include "parking.hpp"
#include "robust_mutex.hpp"
#include "slot_counts.hpp"

#include <ramet/detail/message.hpp>

#include <atomic>
#include <cstdint>

namespace ramet::detail {

/// Keeps the compiler from reordering stores. Of a process that is killed, the
/// processor makes all that it has executed visible, so this is enough for
/// others to find them as they were written.
inline void in_this_order() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// Holds the `guard` of one of the layouts below, for a few instructions. If
/// somebody was killed within, what he left half done is put right first.
template <class Layout>
class guarded {
public:
  explicit guarded(Layout& shared) : shared_(shared) {
    if (shared_.guard.lock() == lock_result::owner_died) {
      shared_.repair();
      shared_.guard.recovered();
    }
  }
  ~guarded() { shared_.guard.unlock(); }
  guarded(const guarded&) = delete;
  guarded& operator=(const guarded&) = delete;

private:
  Layout& shared_;
};

/// What a process keeps beside an object that it waits at.
struct waiting_place final : object::attachment {
  explicit waiting_place(object&) {}
  spinner spins;
};

/// Readers count themselves, each process in its own place, and then look
/// whether somebody writes. Who writes holds the mutex all the time, so the
/// system tells when he dies; he says that he is coming, and waits until no
/// reader is counted. Whoever finds him there waits for the mutex.
struct shared_mutex_layout {
  enum activity : std::uint32_t { none, draining, writing };

  object_header header;
  robust_mutex mutex;                // whoever writes, or is about to
  std::atomic<std::uint32_t> writer; // an activity
  parking_lot drained;               // the writer waits here for readers
  slot_counts readers;

  bool has_readers() const;
  void leave(std::atomic<std::uint32_t>& own_readers);
  /// Whom a process counted to read, reads no more.
  void forget(process_slot whose);
  void bury(process_slot dead);
};

/// A change is made under the guard; before it, all that it changes is copied.
/// So a change that somebody was killed in is taken back.
struct semaphore_layout {
  struct state {
    std::int64_t available;
    std::uint32_t held;   // by the process whose change it is
    std::uint32_t traded; // 1: somebody has released what he did not acquire
  };
  struct copy {
    std::atomic<std::uint32_t> valid;
    process_slot whose;
    state before;
  };

  object_header header;
  robust_mutex guard;
  parking_lot lot;
  std::int64_t max;
  std::atomic<std::int64_t> available;
  std::atomic<std::uint32_t> traded;
  copy undo;
  slot_counts held;

  // All need the guard.
  void change(process_slot whose, const state& after);
  void repair();
  state state_of(process_slot whose);
  void set(process_slot whose, const state& to);

  /// What a process has acquired, is not known as its any more.
  void forget(process_slot whose);
  void bury(process_slot dead, departure how);
};

/// Waiters are counted as they come, and so are the permits to go on, one for
/// each that is notified. A waiter may take a permit that was given after it
/// came. Source of the algorithm: that of glibc before 2.25, where a waiter
/// that gives up now takes back its own coming, and no permit.
struct condition_layout {
  object_header header;
  robust_mutex guard;
  parking_lot lot;
  std::atomic<std::uint64_t> era; // of the counts; all go on at its end
  std::atomic<std::uint64_t> entered;
  std::atomic<std::uint64_t> permitted;
  std::atomic<std::uint64_t> taken;

  /// For one who came when so many had been permitted.
  bool has_permit_for(std::uint64_t arrival) const;
  void repair(); // needs the guard
  void bury();
};

/// The lowest bit: it is set. The others: how often that was done, so that a
/// waiter that comes late sees it nevertheless.
struct event_layout {
  object_header header;
  std::atomic<std::uint64_t> word;
  parking_lot lot;
};

struct latch_layout {
  object_header header;
  std::atomic<std::int64_t> left;
  parking_lot lot;
};

/// A phase ends when all have come, or when it is reset; it stays as it is
/// while the barrier is broken.
struct barrier_layout {
  enum why : std::uint32_t {
    whole,
    aborted,
    timed_out, ///< somebody did not wait any longer
    action_threw,
    party_died,
  };

  object_header header;
  robust_mutex guard;
  parking_lot lot;
  std::atomic<std::uint64_t> phase;
  std::atomic<std::uint32_t> broken; // a why
  // Those of the last 64 phases, by their number modulo 64, that did not end
  // by the arrival of all.
  std::uint64_t interrupted;
  std::atomic<std::uint32_t> arrived;
  std::atomic<std::uint32_t> expected;
  std::uint32_t expected_next;

  // These need the guard.
  void break_for(why reason);
  void end_phase(bool complete);
  void repair() { break_for(party_died); }

  void bury(departure how);
};

} // namespace ramet::detail
