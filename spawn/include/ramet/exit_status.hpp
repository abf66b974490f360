// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// How a process ended.

#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace ramet {

/// How a process ended: by an exit code or by a signal, never both. Neither,
/// when somebody else in this process collected the status (say, by
/// `waitpid(-1)`) and the system no longer knows it.
///
/// @code
/// if (auto status = p.status(); status && !status->success())
///   std::cerr << p.name() << ' ' << to_string(*status) << '\n';
/// @endcode
struct exit_status {
  std::optional<int> code;   ///< What the process gave to exit().
  std::optional<int> signal; ///< The signal that killed it.
  /// Set when it was killed by process_limits::cpu_time, as far as is known.
  std::optional<std::chrono::seconds> cpu_time_limit = {};

  /// True for exit code 0 only.
  bool success() const { return code == 0; }

  friend bool operator==(const exit_status&, const exit_status&) = default;
};

/// "exited with 3", "killed by SIGKILL (9)", "killed by SIGXCPU (24), having
/// used up its 2 s of processor time", or "ended; its exit status was collected
/// by someone else".
std::string to_string(const exit_status& status);

} // namespace ramet
