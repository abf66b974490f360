// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// The thread of a pool that sees to what nobody waits for.

#include "pool_core.hpp"

#include "threads_posix.hpp"

#include <ramet/error.hpp>
#include <ramet/task_failure.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ramet::detail {

namespace {

constexpr std::chrono::milliseconds try_again_after{100};

} // namespace

void pool_core::start_keeper() {
  signals_blocked blocked; // inherited by the thread
  std::scoped_lock lock{keeper_guard_};
  // It holds the pool, as it may have to end by itself; see terminate().
  keeper_ = std::thread{[self = shared_from_this()] {
    name_this_thread("ramet-pool");
    as_face worn{*self->owner_};
    self->keeper_id_.store(std::this_thread::get_id());
    self->keep([] { return false; }, deadline::never(), false);
  }};
}

bool pool_core::is_keeper() const {
  return keeper_id_.load(std::memory_order_relaxed)
         == std::this_thread::get_id();
}

void pool_core::wake_keeper() {
  keeper_changed_.notify_one();
  outcomes_.wake_all(); // it may sleep there, though nobody wants that any more
}

void pool_core::keep(predicate done, deadline until, bool waits) {
  auto stopped = [this] {
    std::scoped_lock lock{keeper_guard_};
    return stopping_;
  };
  while (!stopped() && !done()) {
    auto wake = until.at;
    try {
      wake = std::min(wake, see_to_everything(done, waits).at);
    } catch (const std::exception&) { // no memory, or no descriptors
      wake = std::min(wake, clock::now() + try_again_after);
    }
    if (done() || clock::now() >= until.at)
      break;
    sleep(done, {wake}, waits);
  }
}

// Returns when it is to be called again. What it settles may wait for
// something, and so call it as well.
deadline pool_core::see_to_everything(predicate done, bool waits) {
  {
    std::scoped_lock lock{keeper_guard_};
    look_ = false;
  }
  see_to_dead_workers();
  if (waits || unattended_.load() > 0)
    while (!done() && receive_one()) {
    }
  else if (outcomes_.ready())
    outcomes_.wake_one(); // the wake may have come to us
  auto next_start = fill_crew();
  return {std::min(see_to_timeouts().at, next_start.at)};
}

void pool_core::sleep(predicate done, deadline until, bool waits) {
  auto has_news = [this] { return stopping_ || look_ || !ended_.empty(); };
  if (waits || unattended_.load() > 0) {
    auto due = [&] {
      std::unique_lock lock{keeper_guard_};
      if (has_news())
        return true;
      lock.unlock();
      return done();
    };
    outcomes_.park(due, until);
    return;
  }
  std::unique_lock lock{keeper_guard_};
  auto due = [&] { return has_news() || unattended_.load() > 0; };
  if (until.is_never())
    keeper_changed_.wait(lock, due);
  else
    keeper_changed_.wait_until(lock, until.at, due);
}

void pool_core::see_to_dead_workers() {
  for (;;) {
    std::size_t index = 0;
    {
      std::scoped_lock lock{keeper_guard_};
      if (ended_.empty())
        return;
      index = ended_.front();
      ended_.pop_front();
    }
    try {
      on_worker_ended(index);
    } catch (...) {
      std::scoped_lock lock{keeper_guard_};
      ended_.push_front(index);
      throw;
    }
  }
}

void pool_core::on_worker_ended(std::size_t index) {
  auto worker = crew_.bury(index);
  if (!worker)
    return;
  // What it had finished has come by now.
  while (receive_one()) {
  }
  if (worker->claim != 0 && !worker->claimed_elsewhere
      && (worker->claim <= worker->taken || is_deadly(*worker)))
    on_lost(worker->ticket, *worker);
  if (auto why = crew_.broken())
    break_down(why);
}

// The worker died when it was about to take a task: the message is still there,
// for the next one. If that dies in the same way, it is no accident, as handles
// are decoded in this step. Then nobody takes it any more, and it counts as
// lost. As it does if we have killed the worker for taking too long.
bool pool_core::is_deadly(const crew::departed& worker) {
  std::scoped_lock lock{guard_};
  auto* task = table_.find(worker.ticket);
  if (!task
      || (++task->deaths_taking < 2 && overdue_.count(worker.ticket) == 0))
    return false;
  crew_.refuse(worker.claim);
  return true;
}

void pool_core::on_lost(std::uint64_t ticket, const crew::departed& worker) {
  std::optional<pending_task> task;
  std::uint64_t next = 0;
  bool overdue = false;
  {
    std::scoped_lock lock{guard_};
    overdue = overdue_.erase(ticket) != 0;
    task = take_out(ticket);
    if (!task)
      return; // its outcome was there, or it was cancelled
    if (records_)
      spans_.push_back({task->serial, static_cast<std::uint32_t>(worker.index),
                        true, worker.since - made_, clock::now() - made_});
    if (task->rules.retries > 0 && phase_ != phase::over && !broken_) {
      // Under the same lock: or the pool would seem to have nothing to do.
      auto again = *task;
      --again.rules.retries;
      ++again.attempt;
      again.where = {};
      again.deaths_taking = 0;
      next = enter(std::move(again));
      ++retried_;
    } else {
      ++unsettled_;
      drained_if_closing();
    }
  }
  if (next != 0) {
    put_again(next, *task);
    return;
  }
  auto text =
      fmt::format("pool '{}': task {}, attempt {}: worker '{}' (pid {})", name_,
                  task->serial, task->attempt, worker.name, worker.pid);
  std::exception_ptr why;
  if (overdue)
    why = std::make_exception_ptr(error{
        errc::timed_out,
        text
            + fmt::format(" was killed, as the task ran longer than {}",
                          std::chrono::duration<double>{task->rules.timeout})});
  else
    why = std::make_exception_ptr(
        task_failure{text + " " + to_string(worker.status) + " while it ran it",
                     worker.status});
  if (!owner_->live())
    task->sink->given_up();
  fail(std::move(*task), std::move(why));
}

void pool_core::put_again(std::uint64_t ticket, const pending_task& task) {
  try {
    task.sink->encode_again(task.part, [&](const outgoing& arguments) {
      put(ticket, task.entry, arguments);
    });
  } catch (...) {
    std::optional<pending_task> failed;
    {
      std::scoped_lock lock{guard_};
      cancelled_unput_.erase(ticket);
      failed = take_out(ticket);
      if (!failed)
        return;
      ++unsettled_;
      drained_if_closing();
    }
    fail(std::move(*failed), std::current_exception());
  }
}

// Returns when it is to be called again.
deadline pool_core::fill_crew() {
  {
    std::scoped_lock lock{guard_};
    if (phase_ == phase::over || broken_
        || (phase_ == phase::closing && table_.empty()))
      return deadline::never();
  }
  try {
    crew_.fill();
  } catch (...) {
    if (!owner_->live()) { // and the workers with it: nobody is to blame
      crew_.stop_replacing();
      return deadline::never();
    }
    crew_.note_start_failure(std::current_exception());
    if (auto why = crew_.broken())
      break_down(why);
  }
  return crew_.next_start();
}

void pool_core::break_down(const std::exception_ptr& why) noexcept {
  std::vector<pending_task> left;
  {
    std::scoped_lock lock{guard_};
    if (std::exchange(broken_, why))
      return;
    left = table_.remove_all();
    unsettled_ += left.size();
    timeouts_.clear();
  }
  crew_.stop_replacing();
  tasks_.close();
  crew_.kill();
  for (auto& task : left)
    fail(std::move(task), why);
  wake_sleepers();
}

// A task's time begins when a worker takes it, of which nobody is told. So the
// keeper looks when the first one could be over, if it has begun by now.
deadline pool_core::see_to_timeouts() {
  auto now = clock::now();
  auto next = clock::time_point::max();
  {
    std::scoped_lock lock{guard_};
    if (timeouts_.empty())
      return deadline::never();
    next = now + *timeouts_.begin();
  }
  std::vector<std::pair<std::uint64_t, receipt>> overdue;
  crew_.for_each_running([&](std::uint64_t ticket, clock::time_point since) {
    std::scoped_lock lock{guard_};
    auto* task = table_.find(ticket);
    if (!task || task->rules.timeout.count() == 0)
      return;
    auto due = since + task->rules.timeout;
    if (due > now) {
      next = std::min(next, due);
    } else {
      overdue_.insert(ticket);
      overdue.emplace_back(ticket, task->where);
    }
  });
  for (auto& [ticket, where] : overdue) {
    if (where.number > tasks_.messages_taken()) // its arguments are decoded yet
      crew_.refuse(where.number);
    if (!crew_.kill_runner(ticket)) {
      std::scoped_lock lock{guard_};
      overdue_.erase(ticket); // it has just finished
    }
  }
  return {next};
}

} // namespace ramet::detail
