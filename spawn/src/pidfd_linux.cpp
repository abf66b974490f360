// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "pidfd_linux.hpp"

#include "poll_posix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <ctime>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

constexpr auto by_pidfd = static_cast<idtype_t>(3); // P_PIDFD

// What a pidfd can be asked; from Linux 6.15 on also for the exit code of a
// process that was reaped. Spelled out as the system's headers may be older.
struct pidfd_information {
  std::uint64_t mask;
  std::uint64_t cgroup;
  std::uint32_t ids[11]; // of process, threads, parent, users and groups
  std::int32_t exit_code;
};
static_assert(sizeof(pidfd_information) == 64);
constexpr auto pidfd_get_info = _IOWR(0xFF, 11, pidfd_information);
constexpr std::uint64_t with_exit_code = 1U << 3;

exit_status from_wait_status(int status) {
  exit_status result;
  if (WIFSIGNALED(status))
    result.signal = WTERMSIG(status);
  else
    result.code = WEXITSTATUS(status);
  return result;
}

// The number that is the `place`-th word after the program's name in the
// system's account of a process; nothing if there is none.
std::optional<std::uint64_t> number_in_stat(int pid, int place) {
  unique_fd file{
      ::open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, 1024> buffer;
  auto size = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
  if (size <= 0)
    return std::nullopt;
  std::string_view text{buffer.data(), static_cast<std::size_t>(size)};
  // The name, in parentheses, may hold anything.
  text.remove_prefix(std::min(text.rfind(')'), text.size()));
  for (int word = 0; word < place; ++word) {
    auto space = text.find(' ');
    if (space == text.npos)
      return std::nullopt;
    text.remove_prefix(space + 1);
  }
  std::uint64_t result = 0;
  auto [end, failed] =
      std::from_chars(text.data(), text.data() + text.size(), result);
  if (failed != std::errc{})
    return std::nullopt;
  return result;
}

} // namespace

unique_fd open_pidfd(int pid) {
  auto fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); // CLOEXEC
  if (fd < 0 && errno != ESRCH && errno != EINVAL)
    throw_os_error(errno, fmt::format("opening process {} to watch it", pid));
  return unique_fd{fd};
}

bool wait_for_end(int pidfd, deadline until) {
  pollfd waiting{pidfd, POLLIN, 0};
  return wait_for_events({&waiting, 1}, until, "waiting for a process to end");
}

void send_signal(int pidfd, int signal) {
  if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) < 0
      && errno != ESRCH)
    throw_os_error(errno,
                   fmt::format("sending signal {} to a process", signal));
}

exit_status collect_exit(int pidfd) {
  siginfo_t info{};
  if (retried([&] {
        return ::waitid(by_pidfd, static_cast<id_t>(pidfd), &info, WEXITED);
      })
      == 0) {
    exit_status result;
    if (info.si_code == CLD_EXITED)
      result.code = info.si_status;
    else
      result.signal = info.si_status;
    return result;
  }
  // Another thread of this process collected it, or the system did, as SIGCHLD
  // is ignored. The code is kept a moment after the end is told.
  for (int attempt = 0; attempt < 50; ++attempt) {
    pidfd_information known{};
    known.mask = with_exit_code;
    if (::ioctl(pidfd, pidfd_get_info, &known) != 0 && errno != ESRCH)
      break; // an older kernel
    if ((known.mask & with_exit_code) != 0)
      return from_wait_status(known.exit_code);
    timespec pause{0, 100'000};
    ::nanosleep(&pause, nullptr);
  }
  return {};
}

std::optional<std::chrono::seconds> cpu_time_limit_of(int pid) {
  rlimit limit{};
  if (::prlimit(pid, RLIMIT_CPU, nullptr, &limit) != 0
      || limit.rlim_cur == RLIM_INFINITY)
    return std::nullopt;
  return std::chrono::seconds{limit.rlim_cur};
}

std::uint64_t start_time_now() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  static const auto ticks = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return static_cast<std::uint64_t>(now.tv_sec) * ticks
         + static_cast<std::uint64_t>(now.tv_nsec) * ticks / 1'000'000'000;
}

bool started_at(int pid, std::uint64_t start_time) {
  auto found = number_in_stat(pid, 20);
  if (start_time == 0 || !found)
    return true;
  static const auto second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return *found + 5 * second >= start_time && *found <= start_time + 5 * second;
}

bool is_exiting(int pid) {
  constexpr std::uint64_t exiting = 4; // PF_EXITING
  return (number_in_stat(pid, 7).value_or(0) & exiting) != 0;
}

} // namespace ramet::detail
