// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "pool_core.hpp"

#include "cpu_linux.hpp"
#include "pool_frame.hpp"
#include "self.hpp"

#include <ramet/detail/launch.hpp>
#include <ramet/detail/pack.hpp>
#include <ramet/error.hpp>
#include <ramet/task_failure.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstring>
#include <utility>

namespace ramet::detail {

namespace {

// Longer than anybody waits, and no clock overflows.
constexpr std::chrono::hours longest_timeout{24 * 365 * 100};

pool_options completed(pool_options options) {
  self::mine().require_live("making a pool");
  require_no_pipes(options.setup, "making a pool");
  if (options.workers == 0)
    options.workers = processors();
  if (options.workers > board::capacity)
    throw error(errc::resource_exhausted,
                fmt::format("making a pool: {} workers are asked for, and a "
                            "family has at most {} processes",
                            options.workers, board::capacity));
  if (options.name.empty()) {
    static std::atomic<unsigned> made{0};
    options.name = fmt::format("pool-{}", made.fetch_add(1) + 1);
  }
  if (!options.start) // for those that take another's place, too
    options.start = default_start_method();
  if (*options.start == start_method::fork)
    throw error(errc::protocol,
                fmt::format("making pool '{}' by fork: it has a thread that "
                            "replaces workers, and a fork beside threads is "
                            "refused; use start_method::forkserver or spawn",
                            options.name));
  return options;
}

std::exception_ptr cancelled(const std::string& name) {
  return std::make_exception_ptr(
      error{errc::closed, fmt::format("waiting for a task of pool '{}': it was "
                                      "cancelled, as the pool was terminated",
                                      name)});
}

std::exception_ptr failure_by(const std::string& name, const pending_task& task,
                              const std::string& worker,
                              remote_exception thrown) {
  auto text = fmt::format("pool '{}': task {} on '{}' (pid {}) threw {}{}{}",
                          name, task.serial, worker, thrown.pid, thrown.type,
                          thrown.message.empty() ? "" : ": ", thrown.message);
  return std::make_exception_ptr(
      task_failure{std::move(text), std::move(thrown)});
}

} // namespace

std::shared_ptr<pool_core> pool_core::make(const pool_options& options) {
  auto result = std::make_shared<pool_core>(completed(options));
  result->crew_.when_ended(
      [weak = result->weak_from_this()](std::size_t index) {
        if (auto self = weak.lock())
          self->note_end(index);
      });
  try {
    result->crew_.fill(); // before the keeper could: what it throws is for us
    result->start_keeper();
  } catch (...) {
    result->terminate();
    throw;
  }
  return result;
}

pool_core::pool_core(const pool_options& options)
    : name_(options.name), records_(options.timeline),
      owner_(face::here().keep()), crew_(options, tasks_, outcomes_) {}

void pool_core::note_end(std::size_t index) {
  std::scoped_lock lock{keeper_guard_};
  ended_.push_back(index);
  wake_keeper();
}

// -- submitting ---------------------------------------------------------------

void pool_core::require_open() const {
  if (broken_)
    std::rethrow_exception(broken_);
  if (phase_ != phase::open)
    throw error(
        errc::closed,
        fmt::format("submitting to pool '{}': it was {}; make a new one", name_,
                    phase_ == phase::closing ? "closed" : "terminated"));
}

void pool_core::submit(const code_address& entry, const outgoing& arguments,
                       std::shared_ptr<task_sink> sink, std::uint64_t part,
                       const task_rules& rules) {
  pending_task task;
  task.sink = std::move(sink);
  task.part = part;
  task.entry = entry;
  task.rules = rules;
  if (rules.timeout.count() < 0 || rules.timeout > longest_timeout)
    task.rules.timeout = std::chrono::nanoseconds::zero();
  const bool timed = task.rules.timeout.count() > 0;
  if (timed && crew_.of_threads())
    throw error(errc::protocol,
                fmt::format("submitting to pool '{}' with a timeout of {}: its "
                            "workers are threads of this process, and a thread "
                            "cannot be ended when its time is over; leave "
                            "`timeout` out, or make the pool with another "
                            "start method",
                            name_,
                            std::chrono::duration<double>{rules.timeout}));
  std::uint64_t ticket = 0;
  {
    std::scoped_lock lock{guard_};
    require_open();
    task.serial = ++submitted_;
    ticket = enter(std::move(task));
  }
  try {
    put(ticket, entry, arguments);
  } catch (...) {
    std::scoped_lock lock{guard_};
    cancelled_unput_.erase(ticket);
    if (take_out(ticket)) {
      --submitted_;
      drained_if_closing();
    }
    throw;
  }
  if (timed) {
    std::scoped_lock lock{keeper_guard_};
    look_ = true;
    wake_keeper();
  }
}

std::uint64_t pool_core::enter(pending_task task) {
  auto& sink = *task.sink;
  auto part = task.part;
  auto timeout = task.rules.timeout;
  auto ticket = table_.add(std::move(task));
  if (timeout.count() > 0)
    try {
      timeouts_.insert(timeout);
    } catch (...) {
      table_.remove(ticket);
      throw;
    }
  sink.numbered(part, ticket);
  return ticket;
}

std::optional<pending_task> pool_core::take_out(std::uint64_t ticket) {
  auto task = table_.remove(ticket);
  if (task && task->rules.timeout.count() > 0)
    timeouts_.extract(task->rules.timeout);
  return task;
}

// A task that was cancelled while it was put is taken back.
void pool_core::put(std::uint64_t ticket, const code_address& entry,
                    const outgoing& arguments) {
  task_header header;
  header.ticket = ticket;
  header.entry = entry;
  header.arguments_type = arguments.type;
  led_message message{task_type, header, arguments};
  receipt where;
  // If it is closed, the pool has ended, and all tasks with it.
  if (tasks_.put(message.as_outgoing(), deadline::never(), &where)
      != put_status::done)
    return;
  {
    std::scoped_lock lock{guard_};
    if (auto* task = table_.find(ticket)) {
      task->where = where;
      return;
    }
    if (cancelled_unput_.erase(ticket) == 0)
      return; // it is done already
  }
  if (!tasks_.revoke(where, deadline::in(longest_taking)))
    crew_.kill_runner(ticket);
}

void pool_core::drained_if_closing() {
  if (!table_.empty())
    return;
  if (phase_ == phase::closing)
    tasks_.close();
  if (joining_.load() > 0)
    wake_sleepers();
}

void pool_core::cancel(std::uint64_t ticket) {
  std::optional<pending_task> task;
  {
    std::scoped_lock lock{guard_};
    task = take_out(ticket);
    if (!task)
      return;
    drained_if_closing();
    if (task->where.number == 0) { // it is being put, and taken back then
      cancelled_unput_.insert(ticket);
      return;
    }
  }
  if (!tasks_.revoke(task->where, deadline::in(longest_taking)))
    crew_.kill_runner(ticket);
}

// -- receiving ----------------------------------------------------------------

bool pool_core::receive_one() {
  std::optional<finished> done;
  auto receive = [&](const incoming& message) {
    take_outcome(message, done);
    return verdict::consume;
  };
  auto status = take_status::done;
  try {
    status = outcomes_.take(receive, deadline::now());
  } catch (...) {
    if (done)
      settle(std::move(*done));
    throw;
  }
  if (done)
    settle(std::move(*done));
  return status == take_status::done;
}

void pool_core::take_outcome(const incoming& message,
                             std::optional<finished>& done) {
  outcome_header header;
  std::memcpy(&header, message.bytes.data(), sizeof header);
  {
    std::scoped_lock lock{guard_};
    auto* task = table_.find(header.ticket);
    if (!task)
      return; // cancelled
    bool failed = header.kind == outcome::failure;
    if (records_)
      spans_.push_back(
          {task->serial, header.worker, failed,
           std::chrono::nanoseconds{header.began} - made_.time_since_epoch(),
           std::chrono::nanoseconds{header.ended} - made_.time_since_epoch()});
    done.emplace(finished{std::move(*take_out(header.ticket)), failed});
    ++unsettled_;
    drained_if_closing();
  }
  incoming rest = message;
  rest.type = header.value_type;
  rest.bytes = message.bytes.subspan(sizeof header);
  auto& task = done->task;
  try {
    if (!done->failed) {
      task.sink->take_value(task.part, rest);
      return;
    }
    auto note = decode_message<failure_note>(rest);
    task.sink->take_failure(task.part, failure_by(name_, task,
                                                  crew_.name_of(header.worker),
                                                  std::move(note.what)));
  } catch (...) {
    done->failed = true;
    task.sink->take_failure(task.part, std::current_exception());
  }
}

void pool_core::settle(finished done) noexcept {
  completed_.fetch_add(1, std::memory_order_relaxed);
  if (done.failed)
    failed_.fetch_add(1, std::memory_order_relaxed);
  auto& sink = *done.task.sink;
  sink.settled(done.task.part);
  bool last = unsettled_.fetch_sub(1) == 1;
  if (sink.waiting_.load() > 0 || (last && joining_.load() > 0))
    wake_sleepers();
}

// Needs it to be counted as unsettled.
void pool_core::fail(pending_task task, std::exception_ptr why) noexcept {
  task.sink->take_failure(task.part, std::move(why));
  settle({std::move(task), true});
}

bool pool_core::drive(task_sink& sink, predicate done, deadline until) {
  if (is_keeper()) { // in a progress function; nobody else replaces workers
    sink.waiting_.fetch_add(1);
    keep(done, until, true);
    sink.waiting_.fetch_sub(1);
    return done();
  }
  struct pass_on {
    mailbox& outcomes;
    ~pass_on() {
      if (outcomes.ready()) // a wake for it may have come to us
        outcomes.wake_one();
    }
  } on_return{outcomes_};
  for (;;) {
    while (!done() && receive_one()) {
    }
    if (done() || until.is_now())
      break;
    sink.waiting_.fetch_add(1);
    bool more = outcomes_.search(done) || outcomes_.park(done, until);
    sink.waiting_.fetch_sub(1);
    if (!more)
      break;
  }
  return done();
}

void pool_core::keep_receiving(bool wanted) {
  if (!wanted) {
    unattended_.fetch_sub(1);
    return;
  }
  if (unattended_.fetch_add(1) > 0)
    return;
  std::scoped_lock lock{keeper_guard_};
  wake_keeper();
}

// -- the pool as a whole ------------------------------------------------------

void pool_core::resize(std::size_t count) {
  if (count == 0 || count > board::capacity)
    throw error(errc::resource_exhausted,
                fmt::format("resizing pool '{}' to {} workers: it must be 1 to "
                            "{}",
                            name_, count, board::capacity));
  {
    std::scoped_lock lock{guard_};
    require_open();
  }
  crew_.set_target(count);
  crew_.fill();
  std::scoped_lock lock{keeper_guard_};
  look_ = true; // fill() may have left it for later
  wake_keeper();
}

void pool_core::close() {
  std::scoped_lock lock{guard_};
  if (phase_ != phase::open)
    return;
  phase_ = phase::closing;
  drained_if_closing();
}

bool pool_core::all_settled() const {
  std::scoped_lock lock{guard_};
  return table_.empty() && unsettled_.load() == 0;
}

bool pool_core::join(deadline until) {
  {
    std::scoped_lock lock{guard_};
    if (phase_ == phase::open)
      throw error(
          errc::protocol,
          fmt::format("joining pool '{}': it is still open, so this "
                      "would never end; close() or terminate() it first",
                      name_));
  }
  auto over = [this] { return all_settled(); };
  joining_.fetch_add(1);
  for (;;) {
    while (!over() && receive_one()) {
    }
    if (over() || until.is_now() || !outcomes_.park(over, until))
      break;
  }
  joining_.fetch_sub(1);
  if (!over())
    return false;
  crew_.stop_replacing();
  return crew_.join(until);
}

void pool_core::terminate() noexcept {
  std::vector<pending_task> left;
  {
    std::scoped_lock lock{guard_};
    phase_ = phase::over;
    left = table_.remove_all();
    unsettled_ += left.size();
    timeouts_.clear();
  }
  crew_.stop_replacing();
  tasks_.close();
  crew_.terminate();
  for (auto& task : left) {
    task.sink->given_up();
    fail(std::move(task), cancelled(name_));
  }
  wake_sleepers();
  if (!crew_.join(deadline::in(std::chrono::milliseconds{500}))) {
    crew_.kill();
    crew_.join(deadline::in(std::chrono::seconds{1}));
  }
  std::thread keeper;
  {
    std::scoped_lock lock{keeper_guard_};
    stopping_ = true;
    wake_keeper();
    keeper.swap(keeper_);
  }
  if (keeper.joinable()) {
    if (keeper.get_id() == std::this_thread::get_id())
      keeper.detach();
    else
      keeper.join();
  }
}

pool_stats pool_core::stats() const {
  pool_stats result;
  {
    std::scoped_lock lock{guard_};
    result.pending = table_.size();
    result.submitted = submitted_;
    result.retried = retried_;
  }
  result.completed = completed_.load();
  result.failed = failed_.load();
  result.workers = crew_.stats();
  return result;
}

timeline pool_core::spans() const {
  timeline result;
  result.name = name_;
  std::scoped_lock lock{guard_};
  result.spans = spans_;
  std::uint32_t last = 0;
  for (auto& one : spans_)
    last = std::max(last, one.worker + 1);
  for (std::uint32_t i = 0; i < last; ++i)
    result.workers.push_back(crew_.name_of(i));
  return result;
}

// -- for the templates --------------------------------------------------------

pool_link pool_link::make(const pool_options& options) {
  return pool_link{pool_core::make(options)};
}

void pool_link::submit(const code_address& entry, const outgoing& arguments,
                       std::shared_ptr<task_sink> sink, std::uint64_t part,
                       const task_rules& rules) const {
  core_->submit(entry, arguments, std::move(sink), part, rules);
}

void pool_link::cancel(std::uint64_t ticket) const {
  core_->cancel(ticket);
}

bool pool_link::drive(task_sink& sink, predicate done, deadline until) const {
  return core_->drive(sink, done, until);
}

void pool_link::keep_receiving(bool wanted) const {
  core_->keep_receiving(wanted);
}

std::size_t pool_link::workers() const {
  return core_->workers();
}

} // namespace ramet::detail
