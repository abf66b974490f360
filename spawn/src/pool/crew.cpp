// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "crew.hpp"

#include "cpu_linux.hpp"
#include "pool_frame.hpp"
#include "worker.hpp"

#include <ramet/error.hpp>
#include <ramet/task_failure.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <limits>
#include <utility>

namespace ramet::detail {

namespace {

// So many workers in a row may end before they come to their first task. Then,
// if no other one works, the pool is broken: trying on would never end. Of
// those killed by a signal, which may be an accident, more.
constexpr std::size_t max_failed_starts = 3;
constexpr std::size_t max_killed_starts = 12;
constexpr std::chrono::milliseconds first_pause{10};
constexpr std::chrono::milliseconds longest_pause{1000};

std::chrono::milliseconds pause_after(std::size_t failures) {
  auto doublings = std::min<std::size_t>(failures - 1, 10);
  return std::min(first_pause * (1 << doublings), longest_pause);
}

std::exception_ptr why_broken(const std::string& pool, const child& one,
                              const std::optional<remote_exception>& thrown,
                              const exit_status& status) {
  auto text = fmt::format(
      "pool '{}': its workers end before they can take a task; the last, '{}' "
      "(pid {}), {}",
      pool, one.name(), one.pid(),
      thrown ? fmt::format("threw {}: {}", thrown->type, thrown->message)
             : to_string(status));
  return thrown ? std::make_exception_ptr(task_failure{text, *thrown})
                : std::make_exception_ptr(task_failure{text, status});
}

} // namespace

crew::crew(const pool_options& options, mailbox tasks, mailbox outcomes)
    : options_(options), tasks_(std::move(tasks)),
      outcomes_(std::move(outcomes)), board_(board::create(options.workers)),
      members_(options.workers), target_(options.workers) {}

void crew::when_ended(std::function<void(std::size_t)> ended) {
  ended_ = std::move(ended);
}

std::size_t crew::target() const {
  std::scoped_lock lock{guard_};
  return target_;
}

void crew::set_target(std::size_t count) {
  std::size_t nudges = 0;
  {
    std::scoped_lock lock{guard_};
    if (count > members_.size()) {
      board_.extend(count);
      members_.resize(count);
    }
    auto before = std::exchange(target_, count);
    if (count < before) {
      nudges = before - count;
      board_.too_many().fetch_add(static_cast<std::uint32_t>(nudges));
    } else {
      // Those that were to leave and have not yet may stay.
      auto more = static_cast<std::uint32_t>(count - before);
      auto leaving = board_.too_many().load();
      while (leaving > 0
             && !board_.too_many().compare_exchange_weak(
                 leaving, leaving - std::min(leaving, more))) {
      }
    }
  }
  // Wakes those that sleep. Others look before their next task.
  task_header look;
  outgoing nothing;
  led_message message{task_type, look, nothing};
  for (std::size_t i = 0; i < nudges; ++i)
    tasks_.put(message.as_outgoing(), deadline::never());
}

std::size_t crew::living() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      members_, [](const member& one) { return one.process != nullptr; }));
}

bool crew::somebody_is_ready() const {
  for (std::size_t i = 0; i < members_.size(); ++i)
    if (members_[i].process
        && board_[i].at.load() == worker_place::phase::ready)
      return true;
  return false;
}

void crew::fill() {
  std::scoped_lock lock{guard_};
  if (!replacing_ || broken_ || clock::now() < not_before_)
    return;
  auto missing = target_ - std::min(target_, living());
  for (std::size_t i = 0; missing > 0 && i < members_.size(); ++i)
    if (!members_[i].process) {
      start(i);
      --missing;
    }
}

deadline crew::next_start() const {
  std::scoped_lock lock{guard_};
  if (!replacing_ || broken_ || living() >= target_)
    return deadline::never();
  return {not_before_};
}

void crew::start(std::size_t index) {
  auto& place = board_[index];
  place.at.store(worker_place::phase::starting);
  place.claim.store(0);
  place.ticket.store(0);
  worker_header header;
  header.index = index;
  header.max_tasks = options_.max_tasks_per_worker;
  header.pin = options_.pin ? 1 : 0;
  process_options about;
  about.name = name_of(index);
  about.daemon = true;
  about.start = options_.start;
  about.setup = options_.setup;
  auto& one = members_[index];
  options_.initializer.encode([&](job_entry entry, const outgoing& arguments) {
    if (entry)
      header.initializer = locate_code(reinterpret_cast<const void*>(entry));
    header.arguments_type = arguments.type;
    std::array<object_ref, worker_header::own_refs> refs{
        tasks_.ref(), outcomes_.ref(), board_.ref()};
    led_message message{worker_type, header, arguments, refs};
    one.process = launch(std::move(about), &make_worker, message.as_outgoing());
  });
  ++one.started;
  // By the watcher's thread, perhaps when the pool has gone; or here.
  one.process->when_ended([ended = ended_, index] { ended(index); });
}

// Calls `what` while nobody takes a task. If somebody does so for very long, as
// handles are decoded then, and decoding may hang, calls it all the same: he
// has done what the dead have left half done, and goes on to no other task.
void crew::with_takers_stopped(predicate what) {
  if (!tasks_.with_takers_stopped(what, deadline::in(longest_taking)))
    what();
}

std::optional<crew::departed> crew::bury(std::size_t index) {
  std::optional<departed> result;
  with_takers_stopped([&] {
    std::scoped_lock lock{guard_};
    result = bury_stopped(index);
    return true;
  });
  return result;
}

std::optional<crew::departed> crew::bury_stopped(std::size_t index) {
  auto& one = members_[index];
  if (!one.process || !one.process->ended())
    return std::nullopt;
  auto process = std::exchange(one.process, nullptr);
  auto& place = board_[index];
  departed result;
  result.index = index;
  result.name = process->name();
  result.pid = process->pid();
  result.status = *process->status();
  one.last_end = result.status;
  result.claim = place.claim.load();
  result.ticket = place.ticket.load();
  result.since =
      clock::time_point{std::chrono::nanoseconds{place.since.load()}};
  // In this order: whoever has taken the message in its place has claimed it
  // before that was counted.
  result.taken = tasks_.messages_taken();
  for (std::size_t i = 0; i < members_.size(); ++i)
    result.claimed_elsewhere |=
        i != index && board_[i].claim.load() == result.claim;
  place.claim.store(0);
  auto thrown = process->exception();
  // As it also is when it cannot even take one, for want of memory say. Killed
  // it may be by accident.
  bool in_vain = place.at.load() == worker_place::phase::starting
                 || (result.claim == 0 && !result.status.signal
                     && !result.status.success());
  if (!in_vain) {
    failed_starts_ = 0;
    return result;
  }
  ++failed_starts_;
  not_before_ = clock::now() + pause_after(failed_starts_);
  auto most = result.status.signal ? max_killed_starts : max_failed_starts;
  if (failed_starts_ >= most && !somebody_is_ready() && replacing_ && !broken_)
    broken_ = why_broken(options_.name, *process, thrown, result.status);
  return result;
}

void crew::note_start_failure(std::exception_ptr why) {
  std::scoped_lock lock{guard_};
  ++failed_starts_;
  not_before_ = clock::now() + pause_after(failed_starts_);
  if (living() == 0 && failed_starts_ >= max_failed_starts && replacing_
      && !broken_)
    broken_ = std::move(why);
}

std::exception_ptr crew::broken() const {
  std::scoped_lock lock{guard_};
  return broken_;
}

bool crew::of_threads() const {
  return options_.start == start_method::thread;
}

bool crew::kill_runner(std::uint64_t ticket) {
  bool found = false;
  if (of_threads())
    return found;
  // Who is found still has this one, or has just finished it.
  with_takers_stopped([&] {
    std::scoped_lock lock{guard_};
    for (std::size_t i = 0; i < members_.size(); ++i)
      if (members_[i].process && board_[i].claim.load() != 0
          && board_[i].ticket.load() == ticket) {
        members_[i].process->signal(SIGKILL);
        found = true;
      }
    return true;
  });
  return found;
}

void crew::refuse(std::uint64_t number) {
  board_.refused().store(number);
}

void crew::for_each_running(
    const std::function<void(std::uint64_t, clock::time_point)>& each) {
  std::scoped_lock lock{guard_};
  for (std::size_t i = 0; i < members_.size(); ++i) {
    auto& place = board_[i];
    auto claim = place.claim.load(std::memory_order_acquire);
    if (!members_[i].process || claim == 0)
      continue;
    auto ticket = place.ticket.load();
    std::chrono::nanoseconds since{place.since.load()};
    if (place.claim.load() == claim) // still the same task
      each(ticket, clock::time_point{since});
  }
}

std::vector<worker_stats> crew::stats() const {
  std::scoped_lock lock{guard_};
  std::vector<worker_stats> result;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    auto& one = members_[i];
    if (one.started == 0)
      continue;
    worker_stats about;
    about.name = name_of(i);
    about.tasks = board_[i].tasks_done.load();
    about.busy = std::chrono::nanoseconds{board_[i].busy.load()};
    about.restarts = one.started - 1;
    about.last_end = one.last_end;
    if (one.process && one.process->ended()) { // and not buried yet
      about.last_end = one.process->status();
    } else if (one.process) {
      about.pid = one.process->pid();
      about.working = board_[i].claim.load() != 0;
      about.memory = resident_bytes(about.pid);
    }
    result.push_back(std::move(about));
  }
  return result;
}

std::string crew::name_of(std::size_t index) const {
  return fmt::format("{}-worker-{}", options_.name, index + 1);
}

void crew::terminate() noexcept {
  if (of_threads()) { // more than there are, but the count cannot overflow
    board_.too_many().store(std::numeric_limits<std::uint32_t>::max() / 2);
    return;
  }
  std::scoped_lock lock{guard_};
  for (auto& one : members_)
    if (one.process)
      one.process->signal(SIGTERM);
}

void crew::kill() noexcept {
  if (of_threads())
    return;
  std::scoped_lock lock{guard_};
  for (auto& one : members_)
    if (one.process)
      one.process->signal(SIGKILL);
}

bool crew::join(deadline until) {
  std::vector<std::shared_ptr<child>> all;
  {
    std::scoped_lock lock{guard_};
    for (auto& one : members_)
      if (one.process)
        all.push_back(one.process);
  }
  return std::ranges::all_of(all, [&](auto& one) { return one->join(until); });
}

void crew::stop_replacing() {
  std::scoped_lock lock{guard_};
  replacing_ = false;
}

} // namespace ramet::detail
