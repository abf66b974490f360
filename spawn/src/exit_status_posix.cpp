// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/exit_status.hpp>
#include <ramet/remote_exception.hpp>

#include <fmt/format.h>

#include <csignal>
#include <cstring>

namespace ramet {

std::string to_string(const exit_status& status) {
  if (status.code)
    return fmt::format("exited with {}", *status.code);
  if (!status.signal)
    return "ended; its exit status was collected by someone else";
  const char* name = ::sigabbrev_np(*status.signal);
  auto text = name ? fmt::format("killed by SIG{} ({})", name, *status.signal)
                   : fmt::format("killed by signal {}", *status.signal);
  if (status.cpu_time_limit)
    text += fmt::format(", having used up its {} s of processor time",
                        status.cpu_time_limit->count());
  else if (*status.signal == SIGXCPU)
    text += ", which says that it used too much processor time";
  return text;
}

std::string to_string(const remote_exception& exception) {
  auto result =
      fmt::format("process '{}' (pid {}) ended by an uncaught {}{}{}",
                  exception.name, exception.pid, exception.type,
                  exception.message.empty() ? "" : ": ", exception.message);
  if (!exception.backtrace.empty())
    result += '\n' + exception.backtrace;
  return result;
}

} // namespace ramet
