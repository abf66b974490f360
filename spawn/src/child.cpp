// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "child.hpp"

#include "children.hpp"
#include "pidfd_linux.hpp"
#include "self.hpp"
#include "thrown_identity.hpp"
#include "watcher.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <span>
#include <typeinfo>
#include <utility>

namespace ramet::detail {

namespace {

constexpr std::chrono::microseconds begin_poll_interval{500};

void adopt_children_of(member_id dead) noexcept;

// Anybody may send SIGKILL or SIGXCPU. That the process had used up its time is
// seen by what its limit was `at_end`, see cpu_time_limit_of(). (What time it
// used would not tell: for limits the system counts by samples, elsewhere
// exactly, and on a busy machine the two are far apart.)
void note_limit(exit_status& status, const process_limits& limits,
                std::optional<std::chrono::seconds> at_end) {
  if (limits.cpu_time && at_end > limits.cpu_time
      && (status.signal == SIGXCPU || status.signal == SIGKILL))
    status.cpu_time_limit = limits.cpu_time;
}

// What a program dies of that has no room to start in.
bool is_failing_start(const exit_status& status) {
  return status.signal == SIGSEGV || status.signal == SIGBUS
         || status.signal == SIGABRT || !status.signal;
}

void adopt(member_id id) {
  auto& members = family::mine();
  auto& entry = members.entry(id.slot);
  auto pid = entry.pid.load();
  unique_fd pidfd;
  if (pid != 0) {
    pidfd = open_pidfd(pid);
    if (pidfd && !started_at(pid, entry.start_time.load()))
      pidfd.reset(); // the pid belongs to somebody else by now
  }
  if (!pidfd) {
    adopt_children_of(id);
    members.settle(id);
    return;
  }
  child::description about;
  about.adopted = true;
  about.id = id;
  about.pid = pid;
  about.pidfd = std::move(pidfd);
  auto adopted = std::make_shared<child>(std::move(about));
  child::begin(adopted);
  if (entry.detached.load() != 0)
    adopted->detach();
}

// Takes over what a dead process leaves behind: its children are watched, and
// settled when they end, by us.
void adopt_children_of(member_id dead) noexcept {
  try {
    for (auto id : family::mine().adopt_children_of(dead))
      adopt(id);
  } catch (const std::exception&) {
    // No memory or descriptors for it: what those hold lives as long as the
    // family. They themselves end, as their parent is dead.
  }
}

} // namespace

child::child(description about)
    : about_(std::move(about)), token_(watcher::next_token()) {}

void child::begin(const std::shared_ptr<child>& one) {
  children::mine().add(one);
  try {
    watcher::mine().watch(*one);
  } catch (...) {
    children::mine().remove(*one);
    throw;
  }
}

bool child::join(deadline until) {
  {
    std::scoped_lock lock{guard_};
    if (status_)
      return true;
    // While a thread waits here, waking the watcher too would cost a thread
    // switch for nothing.
    if (joining_++ == 0)
      watcher::mine().forget(*this);
  }
  auto stop_waiting = [this] { // needs guard_
    if (--joining_ == 0 && !status_)
      watcher::mine().watch(*this);
  };
  bool over = false;
  try {
    over = wait_for_end(pidfd(), until);
    if (over)
      self::mine().hold_if_interrupted();
  } catch (...) {
    std::scoped_lock lock{guard_};
    stop_waiting();
    throw;
  }
  calls due;
  {
    std::scoped_lock lock{guard_};
    if (over && !status_)
      due = finish();
    stop_waiting();
  }
  make(due);
  return over;
}

bool child::ended() {
  calls due;
  {
    std::scoped_lock lock{guard_};
    if (status_)
      return true;
    if (!wait_for_end(pidfd(), deadline::now()))
      return false;
    self::mine().hold_if_interrupted();
    if (joining_ == 0)
      watcher::mine().forget(*this);
    due = finish();
  }
  make(due);
  return true;
}

void child::on_end() {
  calls due;
  {
    std::scoped_lock lock{guard_};
    if (status_)
      return;
    watcher::mine().forget(*this);
    if (joining_ == 0)
      due = finish();
  }
  make(due);
}

void child::when_ended(std::function<void()> call) {
  {
    std::scoped_lock lock{guard_};
    if (!status_) {
      when_ended_.push_back(std::move(call));
      return;
    }
  }
  call();
}

void child::make(const calls& list) {
  for (auto& call : list)
    call();
}

bool child::begun() const {
  std::scoped_lock lock{guard_};
  return status_ || !about_.page
         || about_.page->phase.load() != process_phase::admitted;
}

void child::wait_until_begun() {
  // Nothing tells when; but it takes a millisecond or two, once.
  while (!begun() && !join(deadline::in(begin_poll_interval))) {
  }
}

child::calls child::finish() {
  if (is_thread())
    collect_thread();
  else
    collect_process();
  children::mine().remove(*this);
  return std::exchange(when_ended_, {});
}

// At its very end, as it has said so: what is left to wait for is that it lets
// go of what threads have to themselves, mutexes that it holds included.
void child::collect_thread() {
  auto& ended = *about_.thread;
  ended.thread.join();
  exception_ = std::move(ended.thrown);
  status_ = exit_status{.code = exception_ ? 1 : 0, .signal = {}};
}

void child::collect_process() {
  auto at_end =
      about_.limits.cpu_time ? cpu_time_limit_of(pid()) : std::nullopt;
  status_ = collect_exit(pidfd());
  note_limit(*status_, about_.limits, at_end);
  if (!about_.adopted)
    exception_ = read_exception();
  // Adopted first: if we are killed between the two, whoever settles it in our
  // place finds its children.
  adopt_children_of(id());
  family::mine().settle(id());
  about_.inbox = {};
  about_.page = nullptr;
  about_.page_segment = {};
}

std::unique_ptr<standard_pipes> child::take_pipes() {
  std::scoped_lock lock{guard_};
  return std::move(about_.pipes);
}

std::unique_ptr<standard_pipes> take_pipes(child& one) {
  return one.take_pipes();
}

static thrown_identity read_identity(const process_page& page) {
  std::span bytes{page.exception_identity};
  return decode_identity(bytes.first(
      std::min<std::size_t>(page.exception_identity_size, bytes.size())));
}

std::optional<remote_exception> child::read_exception() const {
  remote_exception result;
  result.name = name();
  result.pid = pid();
  std::string hint;
  switch (about_.page->phase.load()) {
  case process_phase::threw:
    result.type = read_field(about_.page->exception_type);
    result.message = read_field(about_.page->exception_what);
    result.backtrace = read_field(about_.page->exception_backtrace);
    result.identity = read_identity(*about_.page);
    return result;
  case process_phase::admitted:
    if (status_->signal && !is_failing_start(*status_))
      return std::nullopt;
    hint = limits_in_words(about_.limits, name());
    if (status_->signal && hint.empty())
      return std::nullopt;
    result.type = "ramet::error";
    result.identity = identity_of(typeid(error), nullptr);
    result.message = fmt::format(
        "process '{}' (pid {}) {} before its function could run: {}", name(),
        pid(), to_string(*status_),
        hint.empty()
            ? "its main() ended without making a ramet::runtime; make "
              "`ramet::runtime rt{argc, argv};` the first line of main() in "
                  + about_.program
            : hint + ", which seems too little to start in; raise that");
    return result;
  case process_phase::running:
  case process_phase::returned:
    break;
  }
  return std::nullopt;
}

std::optional<exit_status> child::status() {
  if (!ended())
    return std::nullopt;
  std::scoped_lock lock{guard_};
  return status_;
}

std::optional<remote_exception> child::exception() {
  if (!ended())
    return std::nullopt;
  std::scoped_lock lock{guard_};
  return exception_;
}

void child::signal(int number) {
  if (!is_thread())
    send_signal(pidfd(), number);
  else if (!ended())
    throw error(errc::protocol,
                fmt::format("sending signal {} to process '{}': it is a thread "
                            "of this process (pid {}), and a thread cannot be "
                            "ended from outside; have its function return, say "
                            "by closing its queue or pipe, or start it by "
                            "start_method::spawn",
                            number, name(), pid()));
}

void child::detach() {
  detached_.store(true);
  std::scoped_lock lock{guard_};
  auto& entry = family::mine().entry(id().slot);
  if (!is_thread() && !status_ && entry.serial.load() == id().serial)
    entry.detached.store(1);
}

} // namespace ramet::detail
