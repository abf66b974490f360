// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "watcher.hpp"

#include "child.hpp"
#include "children.hpp"
#include "descriptor_keeper.hpp"
#include "family.hpp"
#include "interrupt_posix.hpp"
#include "member_watch.hpp"
#include "self.hpp"

#include <algorithm>
#include <array>
#include <csignal>

#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

constexpr std::size_t stack_bytes = 256 * 1024;

// The parent is dead: nobody waits for what we do any more. Our children watch
// us; killing them here would let our other threads see and tell their end.
// Only one that has not come that far (or never will: another program) is
// killed.
void die_with_parent() {
  // Once the family's directory is gone, other threads fail in what they do.
  self::mine().interrupted.store(true);
  for (auto& one : children::mine().all()) {
    try {
      if (!one->detached() && !one->begun())
        one->signal(SIGKILL);
    } catch (const error&) { // not ours any more; it watches us itself
    }
  }
  family::mine().leave();
  ::_exit(EXIT_FAILURE);
}

} // namespace

watcher& watcher::mine() {
  static auto* instance = new watcher;
  return *instance;
}

void watcher::add(int fd, std::uint64_t token) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = token;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0
      && errno != EEXIST)
    throw_os_error(errno, "watching a process");
}

void watcher::watch(const child& one) {
  start();
  add(one.pidfd(), one.token());
}

void watcher::watch(int pidfd, std::uint64_t token) {
  start();
  add(pidfd, token);
}

std::uint64_t watcher::next_token() {
  static std::atomic<std::uint64_t> next{first_free_token};
  return next.fetch_add(1, std::memory_order_relaxed);
}

void watcher::forget(const child& one) noexcept {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, one.pidfd(), nullptr);
}

void watcher::forget(int fd) noexcept {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void watcher::watch_parent(int pidfd) {
  start();
  add(pidfd, parent_token);
}

void watcher::watch_descriptors() {
  start();
  add(descriptor_keeper::mine().listen(), descriptors_token);
}

void watcher::on_interrupt() noexcept {
  interrupt_.store(true);
  std::uint64_t one = 1;
  [[maybe_unused]] auto written =
      ::write(commands_.get(), &one, sizeof one); // fails only when full
}

void watcher::start() {
  std::scoped_lock lock{guard_};
  if (started_)
    return;
  epoll_ = unique_fd{checked([] { return ::epoll_create1(EPOLL_CLOEXEC); },
                             [] { return "making the watcher's epoll"; })};
  commands_ =
      unique_fd{checked([] { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); },
                        [] { return "making the watcher's eventfd"; })};
  add(commands_.get(), command_token);
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, stack_bytes);
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before); // inherited by the thread
  int failed = ::pthread_create(
      &thread_, &attributes,
      [](void* object) -> void* {
        static_cast<watcher*>(object)->run();
        return nullptr;
      },
      this);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  if (failed != 0)
    throw_os_error(failed, "starting the thread that watches processes");
  started_ = true;
  handle_interrupts();
}

void watcher::stop() noexcept {
  std::scoped_lock lock{guard_};
  if (!started_ || ::pthread_equal(thread_, ::pthread_self()))
    return;
  stop_.store(true);
  std::uint64_t one = 1;
  [[maybe_unused]] auto written = ::write(commands_.get(), &one, sizeof one);
  ::pthread_join(thread_, nullptr);
  thread_id_.store(0);
  started_ = false;
}

int watcher::milliseconds_left() const {
  using namespace std::chrono;
  if (!grace_ends_)
    return -1;
  auto left = ceil<milliseconds>(*grace_ends_ - steady_clock::now()).count();
  return static_cast<int>(std::max<milliseconds::rep>(left, 0));
}

std::unique_lock<std::mutex> watcher::hold_still() {
  std::scoped_lock lock{guard_};
  while (started_ && thread_id_.load() == 0)
    ::sched_yield(); // it starts
  return std::unique_lock{work_};
}

void watcher::after_fork() noexcept {
  started_ = false;
  thread_id_.store(0);
  epoll_.reset();
  commands_.reset();
  interrupt_.store(false);
  stop_.store(false);
  grace_ends_.reset();
}

void watcher::run() {
  thread_id_.store(::gettid());
  while (!stop_.load()) {
    std::array<epoll_event, 16> events;
    auto count = ::epoll_wait(epoll_.get(), events.data(), events.size(),
                              milliseconds_left());
    std::scoped_lock lock{work_};
    for (int i = 0; i < count; ++i)
      on_event(events[static_cast<std::size_t>(i)].data.u64);
    if (milliseconds_left() == 0) {
      grace_ends_.reset();
      die_of_interrupt();
    }
  }
}

void watcher::on_event(std::uint64_t token) {
  switch (token) {
  case command_token:
    on_command();
    return;
  case parent_token: {
    auto& members = family::mine();
    if (members.entry(members.slot()).detached.load() == 0)
      die_with_parent();
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, self::mine().parent->pidfd.get(),
                nullptr);
    return;
  }
  case descriptors_token:
    forget(descriptor_keeper::mine().listen());
    descriptor_keeper::mine().serve();
    return;
  default:
    // In neither list: collected by a joining thread a moment ago.
    if (auto one = children::mine().find(token))
      one->on_end();
    else
      on_member_end(token);
  }
}

void watcher::on_command() {
  std::uint64_t sum = 0;
  [[maybe_unused]] auto size = ::read(commands_.get(), &sum, sizeof sum);
  if (!interrupt_.exchange(false))
    return;
  if (!self::mine().parent)
    end_interrupted_family();
  if (!grace_ends_)
    grace_ends_ = std::chrono::steady_clock::now() + interrupt_patience;
}

} // namespace ramet::detail
