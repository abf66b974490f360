// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// The owner's side; what the zygote itself does is in zygote_server_linux.cpp.

#include "zygote.hpp"

#include "bootstrap.hpp"
#include "launcher.hpp"
#include "pidfd_linux.hpp"
#include "self.hpp"
#include "threads_posix.hpp"
#include "zygote_protocol.hpp"

#include <ramet/codec.hpp>
#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

// Killed so often in the midst of one start, it is no accident any more.
constexpr int most_zygotes = 5;
constexpr int most_spares = 50; // they come more easily

// For a zygote that says that it cannot be one: what it has made goes.
constexpr std::chrono::seconds time_to_tidy_up{10};

// One that this process has no right to kill any more, as it has given rights
// up, ends when it sees that nobody has orders for it.
void kill_and_collect(int pidfd, unique_fd orders) noexcept {
  try {
    send_signal(pidfd, SIGKILL);
  } catch (const error&) {
  }
  ::shutdown(orders.get(), SHUT_RDWR); // a fork may have a copy
  orders.reset();
  collect_exit(pidfd);
}

// Of the resources that a child inherits limits of.
constexpr int all_limits[] = {
    RLIMIT_AS,     RLIMIT_CORE,   RLIMIT_CPU,        RLIMIT_DATA,
    RLIMIT_FSIZE,  RLIMIT_LOCKS,  RLIMIT_MEMLOCK,    RLIMIT_MSGQUEUE,
    RLIMIT_NICE,   RLIMIT_NOFILE, RLIMIT_NPROC,      RLIMIT_RSS,
    RLIMIT_RTPRIO, RLIMIT_RTTIME, RLIMIT_SIGPENDING, RLIMIT_STACK};

spare_order order_for(const newcomer& one) {
  spare_order result;
  result.parent = ::getpid();
  write_field(result.passport, family::mine().passport(one.place()));
  result.has_setup = one.setup().changes_nothing() ? 0 : 1;
  sigset_t own;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &own);
  auto mask = signals_of_children(own);
  for (int signal = 1; signal < NSIG; ++signal)
    if (::sigismember(&mask, signal) == 1)
      result.signal_mask |= std::uint64_t{1} << (signal - 1);
  return result;
}

bool send_order(int socket, spare_order order) {
  // A stream that is not open cannot travel, and what has its number instead
  // is not for children.
  std::array<int, 3> streams;
  std::size_t count = 0;
  for (int fd = 0; fd < 3; ++fd)
    if (int flags = ::fcntl(fd, F_GETFD);
        flags >= 0 && (flags & FD_CLOEXEC) == 0) {
      order.streams |= 1U << fd;
      streams[count++] = fd;
    }
  return send_packet(socket, order, std::span{streams}.first(count));
}

// False: the spare is gone. @throws error if it could not do what it was told
bool send_setup(int socket, const newcomer& one) {
  auto& setup = one.setup();
  spare_setup orders{setup.orders(), 0, 0};
  auto environment = encode(setup.environment());
  orders.environment_bytes = environment.size();
  auto descriptors = setup.descriptors();
  orders.descriptor_count = descriptors.size();
  if (!send_packet(socket, orders, descriptors)
      || !send_in_pieces(socket, environment))
    return false;
  setup_answer answer;
  std::vector<unique_fd> none;
  if (!receive_packet(socket, answer, none)) {
    errno = EPIPE;
    return false;
  }
  if (answer.error_number != 0)
    throw setup.failure(answer.failed, answer.error_number, one.program());
  return true;
}

} // namespace

zygote& zygote::mine() {
  static auto* instance = new zygote; // used by static destructors, too
  return *instance;
}

zygote::surroundings zygote::surroundings::now() {
  surroundings result;
  for (char** variable = ::environ; variable && *variable; ++variable)
    (result.environment += *variable) += '\0';
  struct stat directory {};
  if (::stat(".", &directory) == 0) {
    result.directory[0] = directory.st_dev;
    result.directory[1] = directory.st_ino;
  }
  result.group = ::getpgrp();
  ::getresuid(&result.users[0], &result.users[1], &result.users[2]);
  ::getresgid(&result.groups[0], &result.groups[1], &result.groups[2]);
  result.other_groups.resize(
      static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
  ::getgroups(static_cast<int>(result.other_groups.size()),
              result.other_groups.data());
  result.no_new_rights = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  result.filtered_calls = ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
  result.nice = ::getpriority(PRIO_PROCESS, 0);
  result.scheduler = ::sched_getscheduler(0);
  ::sched_getaffinity(0, sizeof result.processors,
                      reinterpret_cast<cpu_set_t*>(result.processors.data()));
  for (int resource : all_limits) {
    rlimit limit{};
    ::getrlimit(static_cast<__rlimit_resource>(resource), &limit);
    result.limits.emplace_back(limit.rlim_cur, limit.rlim_max);
  }
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) == 0
        && action.sa_handler == SIG_IGN)
      result.ignored_signals |= std::uint64_t{1} << (signal - 1);
  }
  return result;
}

int zygote::pid() {
  std::scoped_lock lock{guard_};
  return pid_;
}

void zygote::launch() {
  auto attempted = [] {
    return "making the zygote of start method forkserver";
  };
  int sockets[2];
  checked(
      [&] {
        return ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets);
      },
      attempted);
  unique_fd ours{sockets[0]};
  unique_fd its{sockets[1]};
  unique_fd memory{checked(
      [] { return ::memfd_create("ramet-zygote", MFD_CLOEXEC); }, attempted)};
  checked([&] { return ::ftruncate(memory.get(), sizeof(zygote_page)); },
          attempted);
  made_in_ = surroundings::now();
  bool bind_now = binds_at_once_ && !std::getenv(bind_now_variable);
  std::vector<std::string> environment{
      fmt::format("{}={}:{}:{}:{:d}", zygote_variable, its.get(), memory.get(),
                  ::getpid(), bind_now)};
  if (bind_now)
    environment.push_back(fmt::format("{}=1", bind_now_variable));
  auto* page = ::mmap(nullptr, sizeof(zygote_page), PROT_READ | PROT_WRITE,
                      MAP_SHARED, memory.get(), 0);
  if (page == MAP_FAILED)
    throw_os_error(errno, attempted());
  launched started;
  try {
    started = launch_program({.program = own_program(),
                              .arguments = {self::mine().argv0},
                              .environment = std::move(environment),
                              .descriptors = {its.get(), memory.get()}},
                             attempted());
  } catch (...) {
    ::munmap(page, sizeof(zygote_page));
    throw;
  }
  page_ = static_cast<zygote_page*>(page);
  socket_ = std::move(ours);
  pidfd_ = std::move(started.pidfd);
  pid_ = started.pid;
  spare_ordered_ = true; // it begins with that
  has_served_ = false;
  last_known_ = 0;
}

std::optional<zygote::spare> zygote::next_spare() {
  if (!spare_ordered_)
    order_spare();
  // Its end is told by its pidfd: a fork of this process may have a copy of its
  // socket.
  std::array<pollfd, 2> list{
      {{socket_.get(), POLLIN, 0}, {pidfd_.get(), POLLIN, 0}}};
  checked([&] { return ::poll(list.data(), list.size(), -1); },
          [] { return "waiting for the zygote"; });
  zygote_report report;
  std::vector<unique_fd> descriptors;
  if (!receive_packet(socket_.get(), report, descriptors, MSG_DONTWAIT))
    return std::nullopt;
  spare_ordered_ = false;
  switch (report.what) {
  case zygote_report::kind::spare:
    has_served_ = true;
    last_known_ = report.pid;
    if (descriptors.size() != 2) {
      ::kill(report.pid, SIGKILL); // a child of ours that nobody has collected
      retried([&] { return ::waitpid(report.pid, nullptr, 0); });
      throw_os_error(EMFILE, "receiving the descriptors of a forked child");
    }
    return spare{report.pid, report.start_time, std::move(descriptors[0]),
                 std::move(descriptors[1])};
  case zygote_report::kind::failed:
    throw_os_error(report.error_number, "forking the zygote");
  case zygote_report::kind::refused:
    break;
  }
  auto why = read_field(report.text);
  wait_for_end(pidfd_.get(), deadline::in(time_to_tidy_up));
  end_locked();
  throw error(errc::protocol,
              fmt::format("starting a process by forkserver: {}", why));
}

void zygote::order_spare() noexcept {
  spare_ordered_ = true; // if it is gone, that is seen when we ask for it
  send_packet(socket_.get(), zygote_order{});
}

unique_fd zygote::start(newcomer& one) {
  auto order = order_for(one);
  std::scoped_lock lock{guard_};
  if (socket_ && surroundings::now() != made_in_)
    end_locked();
  for (int zygotes = 0, spares = 0;;) {
    if (zygotes == most_zygotes || spares == most_spares)
      throw error(errc::child_failed,
                  fmt::format("starting process '{}' by forkserver: {} "
                              "zygotes and {} of their children were killed "
                              "before one knew what to be; find out what "
                              "kills them, or use start_method::spawn",
                              one.name(), zygotes, spares));
    if (!socket_)
      launch();
    auto ready = next_spare();
    if (!ready) {
      if (!has_served_)
        bury_useless(one.name());
      end_locked();
      ++zygotes;
      continue;
    }
    one.set_start_time(ready->start_time);
    one.set_pid(ready->pid);
    bool told = send_order(ready->socket.get(), order);
    try {
      if (told && order.has_setup != 0)
        told = send_setup(ready->socket.get(), one);
    } catch (...) {
      one.set_pid(0);
      kill_and_collect(ready->pidfd.get(), std::move(ready->socket));
      throw;
    }
    int failure = errno;
    order_spare();
    if (told)
      return std::move(ready->pidfd);
    ++spares;
    one.set_pid(0);
    kill_and_collect(ready->pidfd.get(), std::move(ready->socket));
    if (failure != EPIPE && failure != ECONNRESET) // else it was killed
      throw_os_error(failure,
                     fmt::format("starting process '{}' by forkserver: telling "
                                 "the forked child what to be",
                                 one.name()));
  }
}

void zygote::bury_useless(const std::string& name) {
  wait_for_end(pidfd_.get(), deadline::never());
  auto status = collect_exit(pidfd_.get());
  end_locked();
  if (status.signal == SIGKILL || status.signal == SIGTERM
      || status.signal == SIGINT || status.signal == SIGHUP)
    return; // somebody's doing, not the program's
  if (status.code == not_linked && std::exchange(binds_at_once_, false))
    return; // it refers to what is nowhere, and may do without
  throw error(errc::protocol,
              fmt::format("starting process '{}' by forkserver: the zygote, "
                          "this program run anew, {} before its main() made a "
                          "ramet::runtime; make `ramet::runtime rt{{argc, "
                          "argv}};` the first line of main()",
                          name, to_string(status)));
}

void zygote::end() noexcept {
  std::scoped_lock lock{guard_};
  end_locked();
}

void zygote::end_locked() noexcept {
  if (!socket_)
    return;
  // By SIGKILL, as it may be anywhere in main() still. We are to read still
  // what it has sent.
  ::shutdown(socket_.get(), SHUT_WR);
  kill_and_collect(pidfd_.get(), {});
  try {
    zygote_report report;
    std::vector<unique_fd> descriptors;
    while (receive_packet(socket_.get(), report, descriptors, MSG_DONTWAIT))
      if (report.what == zygote_report::kind::spare
          && descriptors.size() == 2) {
        kill_and_collect(descriptors[0].get(), std::move(descriptors[1]));
        last_known_ = report.pid;
      }
  } catch (const std::exception&) { // out of memory: they end by themselves
  }
  bury_unknown_child();
  ::munmap(page_, sizeof(zygote_page));
  page_ = nullptr;
  socket_.reset();
  pidfd_.reset();
  pid_ = 0;
}

// The zygote may have been killed between making a child and telling of it.
void zygote::bury_unknown_child() noexcept {
  auto pid = page_->last_pid.exchange(0);
  if (pid == 0 || pid == last_known_)
    return;
  if (::waitpid(pid, nullptr, WNOHANG) == 0) { // a child of ours, alive
    ::kill(pid, SIGKILL);
    retried([&] { return ::waitpid(pid, nullptr, 0); });
  }
}

void zygote::forget_after_fork() noexcept {
  socket_.reset();
  pidfd_.reset();
  pid_ = 0;
  if (page_)
    ::munmap(page_, sizeof(zygote_page));
  page_ = nullptr;
}

} // namespace ramet::detail
