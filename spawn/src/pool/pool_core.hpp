// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A pool without the types of its tasks.

#pragma once

#include "crew.hpp"
#include "face.hpp"
#include "task_table.hpp"

#include <ramet/detail/mailbox.hpp>
#include <ramet/detail/pool_link.hpp>
#include <ramet/pool_options.hpp>
#include <ramet/pool_stats.hpp>
#include <ramet/timeline.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

namespace ramet::detail {

/// Tasks go into one mailbox, outcomes come back through another. Whoever waits
/// for an outcome receives all that come meanwhile. One thread more, asleep
/// until it is needed, sees to what nobody waits for: workers that end, tasks
/// whose time is over, callbacks.
///
/// Thread-safe. Locks are taken in this order: that of the outcomes' consumers,
/// guard_, keeper_guard_; none of them while anything is put.
class pool_core : public std::enable_shared_from_this<pool_core> {
public:
  using clock = std::chrono::steady_clock;

  static std::shared_ptr<pool_core> make(const pool_options& options);
  explicit pool_core(const pool_options& options);
  /// Terminated before.
  ~pool_core() = default;

  void submit(const code_address& entry, const outgoing& arguments,
              std::shared_ptr<task_sink> sink, std::uint64_t part,
              const task_rules& rules);
  void cancel(std::uint64_t ticket);
  bool drive(task_sink& sink, predicate done, deadline until);
  void keep_receiving(bool wanted);

  const std::string& name() const { return name_; }
  std::size_t workers() const { return crew_.target(); }
  void resize(std::size_t count);
  void close();
  bool join(deadline until);
  void terminate() noexcept;
  pool_stats stats() const;
  timeline spans() const;

private:
  enum class phase { open, closing, over };
  struct finished {
    pending_task task;
    bool failed = false;
  };

  // These need guard_.
  std::uint64_t enter(pending_task task);
  std::optional<pending_task> take_out(std::uint64_t ticket);

  void put(std::uint64_t ticket, const code_address& entry,
           const outgoing& arguments);
  void require_open() const; // needs guard_

  bool receive_one();
  void take_outcome(const incoming& message, std::optional<finished>& done);
  void settle(finished done) noexcept;
  void fail(pending_task task, std::exception_ptr why) noexcept;
  void drained_if_closing(); // needs guard_
  bool all_settled() const;
  void note_end(std::size_t index);
  void wake_sleepers() { outcomes_.wake_all(); }

  // -- the keeper's thread ----------------------------------------------------

  void start_keeper();
  bool is_keeper() const;
  // Until it is stopped or `done()`. `waits`: for some outcome.
  void keep(predicate done, deadline until, bool waits);
  void see_to_dead_workers();
  deadline see_to_everything(predicate done, bool waits);
  void sleep(predicate done, deadline until, bool waits);
  void wake_keeper(); // needs keeper_guard_
  void on_worker_ended(std::size_t index);
  bool is_deadly(const crew::departed& worker);
  void on_lost(std::uint64_t ticket, const crew::departed& worker);
  void put_again(std::uint64_t ticket, const pending_task& task);
  deadline fill_crew();
  void break_down(const std::exception_ptr& why) noexcept;
  deadline see_to_timeouts();

  const std::string name_;
  const bool records_;
  const std::shared_ptr<face> owner_; // the workers are its children
  const clock::time_point made_ = clock::now();
  mailbox tasks_ = mailbox::create();
  mailbox outcomes_ = mailbox::create();
  crew crew_;

  mutable std::mutex guard_; // of all in this block
  task_table table_;
  phase phase_ = phase::open;
  std::exception_ptr broken_;
  std::multiset<std::chrono::nanoseconds> timeouts_; // of pending tasks
  std::set<std::uint64_t> overdue_;                  // killed for that; tickets
  std::set<std::uint64_t> cancelled_unput_;          // tickets
  std::uint64_t submitted_ = 0;
  std::uint64_t retried_ = 0;
  std::vector<timeline::span> spans_;

  std::atomic<std::uint64_t> completed_{0};
  std::atomic<std::uint64_t> failed_{0};
  // Tasks that have left the table, and of which it is not known yet. More only
  // with guard_.
  std::atomic<std::size_t> unsettled_{0};
  // Threads that sleep until there are none, nor pending ones.
  std::atomic<int> joining_{0};

  std::mutex keeper_guard_; // of all below but the atomics
  std::condition_variable keeper_changed_;
  std::thread keeper_;
  std::atomic<std::thread::id> keeper_id_;
  std::deque<std::size_t> ended_;
  bool look_ = false; // anew at timeouts and missing workers
  bool stopping_ = false;
  // Outcomes that somebody wants received though nobody waits. Below zero for a
  // moment when "no more" overtakes.
  std::atomic<std::ptrdiff_t> unattended_{0};
};

} // namespace ramet::detail
