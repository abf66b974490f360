// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The threads that run a process's actors and read its mailbox.

#pragma once

#include <ramet/detail/caf_compat.hpp>
#include <ramet/detail/mailbox.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace ramet::detail {

class scheduler;

/// Jobs that wait to be run; others may take some. Thread-safe.
class job_list {
public:
  void push(caf::resumable* job);
  caf::resumable* pop(); // null: none
  /// False: somebody has it already.
  bool take_back(caf::resumable* job);
  /// Without the lock; true at once for whoever pushed.
  bool empty() const { return size_.load(std::memory_order_seq_cst) == 0; }

private:
  static constexpr std::ptrdiff_t look_back = 8;

  std::mutex guard_; // of jobs_
  std::deque<caf::resumable*> jobs_;
  std::atomic<std::size_t> size_{0};
};

/// Runs a process's actors on a few threads that are all alike. An idle one
/// searches briefly, then sleeps at the process's mailbox, which local work
/// rings as well: so whoever takes a message out runs the actor itself, with no
/// thread between. While it does, another reads on.
///
/// At most `limit` threads run actors at a time; there is one thread more, so
/// that the mailbox is read whatever the actors do. A thread whose actor waits
/// for an answer is replaced for that time.
class scheduler final : public caf_compat::own_scheduler<scheduler> {
  class worker;
  class visitor;

public:
  /// Takes messages out of the mailbox, up to `most` of those that are there,
  /// and delivers them; what is to be run then is given to `executor`. Returns
  /// how many.
  using read_some =
      std::function<std::size_t(caf_compat::executor&, std::size_t most)>;

  scheduler(caf::actor_system& system, mailbox inbox, std::size_t limit,
            read_some read);
  ~scheduler() override;

  // -- for CAF ----------------------------------------------------------------

  void add(caf::resumable* job);
  void start() override;
  /// Not called: the system is never destroyed.
  void stop() override {}

  // -- for the process --------------------------------------------------------

  /// Once, when what they deliver to is complete.
  void start_threads();

  /// Searches a little for `done()`, delivering meanwhile what arrives, for any
  /// number of threads that wait for something. True when it is done; else go
  /// to sleep elsewhere, within the scope of a `blocking`: the workers read on.
  /// If `job` still waits to be run and the caller would wait for ever, it is
  /// run here.
  bool help(predicate done, deadline until, caf::resumable* job = nullptr);

  /// While it lives, this thread sleeps. If it is a worker, another runs actors
  /// in its place, on a thread more if too few are left.
  class blocking {
  public:
    explicit blocking(scheduler& of);
    ~blocking();
    blocking(const blocking&) = delete;
    blocking& operator=(const blocking&) = delete;

  private:
    scheduler& of_;
    worker* worker_ = nullptr;
    bool had_permit_ = false;
  };

  /// While it lives, this thread, which delivers, does not hold the mailbox's
  /// lock, and has work that takes long: others may be woken to read on.
  class unlocked {
  public:
    explicit unlocked(scheduler& of);
    ~unlocked();
    unlocked(const unlocked&) = delete;
    unlocked& operator=(const unlocked&) = delete;

  private:
    worker* worker_ = nullptr;
  };

  /// Ends the threads; waits for them, but not for long. Actors that have not
  /// been run yet never are.
  void stop_threads() noexcept;

private:
  using clock_type = std::chrono::steady_clock;

  void add_worker();
  bool jobs_to_run() const;
  bool jobs_waiting() const;
  void share_work();
  void wake_another();
  caf::resumable* steal(const worker* thief);
  bool take_permit();
  void give_back_permit() { running_.fetch_sub(1, std::memory_order_seq_cst); }
  void run_here(caf::resumable* job, visitor& guest);

  mailbox inbox_;
  const std::size_t limit_;
  read_some read_;
  std::thread clock_thread_;

  job_list shared_;
  std::atomic<std::size_t> running_{0};   // threads that may run actors now
  std::atomic<std::size_t> searching_{0}; // workers that look for work
  std::atomic<clock_type::rep> last_share_{0};
  std::atomic<bool> stopping_{false};

  static constexpr std::size_t max_workers = 256;
  std::mutex guard_; // of making workers, and of alive_
  std::condition_variable ended_;
  std::size_t alive_ = 0;
  std::size_t waiting_ = 0; // workers that are blocking
  // Filled from the front, never emptied: read without the lock.
  std::atomic<worker*> workers_[max_workers] = {};
  std::atomic<std::size_t> worker_count_{0};
};

} // namespace ramet::detail
