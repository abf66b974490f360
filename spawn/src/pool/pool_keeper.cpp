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

// Needs keeper_guard_.
void pool_core::start_keeper() {
  if (keeper_.joinable() || stopping_)
    return;
  signals_blocked blocked; // inherited by the thread
  keeper_ = std::thread{[this] {
    name_this_thread("ramet-pool");
    keep();
  }};
}

// Needs keeper_guard_.
void pool_core::wake_keeper() {
  keeper_changed_.notify_one();
  outcomes_.wake_all(); // it may sleep there, though nobody wants that any more
}

bool pool_core::has_news() const {
  return stopping_ || look_ || !ended_.empty();
}

void pool_core::keep() {
  for (;;) {
    std::deque<std::size_t> ended;
    {
      std::scoped_lock lock{keeper_guard_};
      if (stopping_)
        return;
      look_ = false;
      ended.swap(ended_);
    }
    for (auto index : ended)
      on_worker_ended(index);
    if (unattended_.load() > 0)
      while (receive_one()) {
      }
    else if (outcomes_.ready())
      outcomes_.wake_one(); // the wake may have come to us
    fill_crew();
    auto until = std::min(see_to_timeouts().at, crew_.next_start().at);
    sleep({until});
  }
}

void pool_core::sleep(deadline until) {
  auto news = [this] {
    std::scoped_lock lock{keeper_guard_};
    return has_news();
  };
  if (unattended_.load() > 0) {
    outcomes_.park(news, until);
    return;
  }
  std::unique_lock lock{keeper_guard_};
  auto due = [this] { return has_news() || unattended_.load() > 0; };
  if (until.is_never())
    keeper_changed_.wait(lock, due);
  else
    keeper_changed_.wait_until(lock, until.at, due);
}

void pool_core::on_worker_ended(std::size_t index) {
  auto worker = crew_.bury(index);
  if (!worker)
    return;
  // What it had finished has come by now.
  while (receive_one()) {
  }
  if (worker->claim != 0 && !worker->claimed_elsewhere
      && (worker->claim <= worker->taken || is_deadly(worker->ticket)))
    on_lost(worker->ticket, *worker);
  if (auto why = crew_.broken())
    break_down(why);
}

// Its worker died when it was about to take it: the message is still there, for
// the next one. If that dies in the same way, it is no accident, as handles are
// decoded in this step. Then it is taken back, and counts as lost.
bool pool_core::is_deadly(std::uint64_t ticket) {
  receipt where;
  {
    std::scoped_lock lock{guard_};
    auto* task = table_.find(ticket);
    if (!task || ++task->deaths_taking < 2)
      return false;
    where = task->where;
  }
  return tasks_.revoke(where);
}

void pool_core::on_lost(std::uint64_t ticket, const crew::departed& worker) {
  std::optional<pending_task> task;
  bool overdue = false;
  {
    std::scoped_lock lock{guard_};
    overdue = overdue_.erase(ticket) != 0;
    task = table_.remove(ticket);
    if (task && task->rules.timeout.count() > 0)
      timeouts_.extract(task->rules.timeout);
    if (task && records_)
      spans_.push_back({task->serial, static_cast<std::uint32_t>(worker.index),
                        true, worker.since - made_, clock::now() - made_});
  }
  if (!task)
    return; // its outcome was there, or it was cancelled
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
  if (task->rules.retries > 0) {
    retry(std::move(*task), why);
    return;
  }
  fail(std::move(*task), std::move(why));
  std::scoped_lock lock{guard_};
  drained_if_closing();
}

void pool_core::retry(pending_task task, const std::exception_ptr& why) {
  --task.rules.retries;
  ++task.attempt;
  task.where = {};
  task.deaths_taking = 0;
  auto sink = task.sink;
  auto part = task.part;
  auto entry = task.entry;
  std::uint64_t ticket = 0;
  {
    std::scoped_lock lock{guard_};
    if (phase_ != phase::over) {
      ticket = enter(std::move(task));
      ++retried_;
    }
  }
  if (ticket == 0) {
    fail(std::move(task), why);
    return;
  }
  try {
    sink->encode_again(part, [&](const outgoing& arguments) {
      put(ticket, entry, arguments);
    });
  } catch (...) {
    std::optional<pending_task> failed;
    {
      std::scoped_lock lock{guard_};
      failed = table_.remove(ticket);
      if (failed)
        leave_table(*failed);
    }
    if (failed)
      fail(std::move(*failed), std::current_exception());
  }
}

void pool_core::fill_crew() {
  {
    std::scoped_lock lock{guard_};
    if (phase_ == phase::over || broken_
        || (phase_ == phase::closing && table_.empty()))
      return;
  }
  try {
    crew_.fill();
  } catch (...) {
    crew_.note_start_failure(std::current_exception());
    if (auto why = crew_.broken())
      break_down(why);
  }
}

void pool_core::break_down(const std::exception_ptr& why) noexcept {
  std::vector<pending_task> left;
  {
    std::scoped_lock lock{guard_};
    if (std::exchange(broken_, why))
      return;
    left = table_.remove_all();
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
  std::vector<std::uint64_t> overdue;
  crew_.for_each_running([&](std::uint64_t ticket, clock::time_point since) {
    std::scoped_lock lock{guard_};
    auto* task = table_.find(ticket);
    if (!task || task->rules.timeout.count() == 0)
      return;
    auto due = since + task->rules.timeout;
    if (due > now)
      next = std::min(next, due);
    else if (overdue_.insert(ticket).second)
      overdue.push_back(ticket);
  });
  for (auto ticket : overdue)
    if (!crew_.kill_runner(ticket)) {
      std::scoped_lock lock{guard_};
      overdue_.erase(ticket); // it has just finished
    }
  return {next};
}

} // namespace ramet::detail
