// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "interrupt_posix.hpp"

#include "child.hpp"
#include "children.hpp"
#include "family.hpp"
#include "pidfd_linux.hpp"
#include "self.hpp"
#include "watcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include <poll.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

constexpr int interrupted_status = 128 + SIGINT;

// Nobody survives SIGKILL; but it needs a core to die on.
constexpr std::chrono::seconds time_to_die{5};

std::atomic<watcher*> told; // set before the handler is installed
std::atomic<int> parent_pid;

void on_sigint(int signal, siginfo_t* info, void*) {
  auto saved = errno;
  if (info->si_code == SI_USER && info->si_pid != 0
      && info->si_pid == parent_pid.load()) {
    ::signal(signal, SIG_DFL); // process::interrupt()
    ::raise(signal);           // delivered when this handler returns
  } else {
    told.load()->on_interrupt();
  }
  errno = saved;
}

bool handled_by_us() {
  struct sigaction current {};
  return ::sigaction(SIGINT, nullptr, &current) == 0
         && (current.sa_flags & SA_SIGINFO) != 0
         && current.sa_sigaction == on_sigint;
}

// Descriptors of all living processes below `slot` that end with this one.
void collect_descendants(member_id above, std::vector<unique_fd>& result) {
  auto& members = family::mine();
  for (auto below : members.children_of(above)) {
    auto& entry = members.entry(below.slot);
    auto pid = entry.pid.load();
    if (entry.detached.load() != 0)
      continue;
    if (pid != 0)
      if (auto pidfd = open_pidfd(pid);
          pidfd && started_at(pid, entry.start_time.load()))
        result.push_back(std::move(pidfd));
    collect_descendants(below, result);
  }
}

std::size_t wait_for_all(const std::vector<unique_fd>& processes,
                         deadline until) {
  return static_cast<std::size_t>(
      std::count_if(processes.begin(), processes.end(),
                    [&](auto& one) { return wait_for_end(one.get(), until); }));
}

// What the program has printed should not be lost, but neither a lock that
// another thread holds nor a full pipe may keep us.
void flush_stdout() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  if (::poll(&out, 1, 0) != 1 || ::ftrylockfile(stdout) != 0)
    return;
  ::fflush_unlocked(stdout);
  ::funlockfile(stdout);
}

} // namespace

void handle_interrupts() {
  struct sigaction action {};
  if (::sigaction(SIGINT, nullptr, &action) != 0
      || (action.sa_flags & SA_SIGINFO) != 0 || action.sa_handler != SIG_DFL)
    return;
  told.store(&watcher::mine());
  if (auto& parent = self::mine().parent)
    parent_pid.store(parent->pid);
  action = {};
  action.sa_sigaction = on_sigint;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
}

void forget_interrupts_after_fork() noexcept {
  if (handled_by_us())
    ::signal(SIGINT, SIG_DFL);
}

void end_interrupted_family() {
  self::mine().interrupted.store(true);
  std::vector<unique_fd> below;
  std::size_t ended = 0;
  try {
    collect_descendants(family::mine().id(), below);
    for (auto& one : children::mine().all())
      if (!one->detached() && !one->is_thread())
        one->signal(SIGTERM);
    ended = wait_for_all(below, deadline::in(interrupt_grace));
    if (ended != below.size()) {
      for (auto& one : below)
        send_signal(one.get(), SIGKILL);
      ended = wait_for_all(below, deadline::in(time_to_die));
    }
  } catch (const std::exception&) {
    // Out of descriptors or memory: they see this process end, and follow.
    ended = below.size();
  }
  flush_stdout();
  auto text = fmt::format("ramet: interrupted; ended {} process{}\n", ended,
                          ended == 1 ? "" : "es");
  [[maybe_unused]] auto written =
      ::write(STDERR_FILENO, text.data(), text.size());
  family::mine().leave();
  ::_exit(interrupted_status);
}

void die_of_interrupt() {
  if (!handled_by_us())
    return;
  ::signal(SIGINT, SIG_DFL);
  sigset_t interrupt;
  ::sigemptyset(&interrupt);
  ::sigaddset(&interrupt, SIGINT);
  ::pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
  ::raise(SIGINT);
}

} // namespace ramet::detail
