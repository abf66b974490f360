// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a supervisor and all below it were doing at one moment.

#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace ramet {

enum class child_state {
  starting,
  running,
  waiting, ///< ended; started again after a pause
  stopping,
  stopped,
};

/// "starting", "running", "waiting", "stopping", "stopped".
std::string_view to_string(child_state state) noexcept;

/// A snapshot of one child, or of a supervisor with its children.
///
/// @code
/// std::cout << top.tree();
/// // bank: supervisor, pid 310, running
/// //   savings: pid 312, running, 1 restart, last: killed by SIGKILL (9)
/// //   log: pid 313, running
/// @endcode
struct supervision_tree {
  std::string name;
  child_state state = child_state::stopped;
  bool supervisor = false;
  int pid = 0;              ///< Of its process; 0: it is in none now.
  std::size_t restarts = 0; ///< Since it was added.
  std::string last_reason;  ///< Why it ended the last time; empty: never did.
  std::vector<supervision_tree> children; ///< In the order of their start.
};

/// A line for each, those below indented by two spaces.
std::string to_string(const supervision_tree& tree);
std::ostream& operator<<(std::ostream& out, const supervision_tree& tree);

} // namespace ramet
