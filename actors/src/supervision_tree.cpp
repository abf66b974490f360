// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/supervision_tree.hpp>

#include <fmt/format.h>

#include <iterator>
#include <ostream>

namespace ramet {

namespace {

void write(std::string& out, const supervision_tree& tree, std::size_t depth) {
  auto end = std::back_inserter(out);
  fmt::format_to(end, "{:{}}{}: ", "", 2 * depth, tree.name);
  if (tree.supervisor)
    out += "supervisor, ";
  if (tree.pid != 0)
    fmt::format_to(end, "pid {}, ", tree.pid);
  out += to_string(tree.state);
  if (tree.restarts != 0)
    fmt::format_to(end, ", {} restart{}", tree.restarts,
                   tree.restarts == 1 ? "" : "s");
  if (!tree.last_reason.empty())
    fmt::format_to(end, ", last: {}", tree.last_reason);
  out += '\n';
  for (auto& child : tree.children)
    write(out, child, depth + 1);
}

} // namespace

std::string_view to_string(child_state state) noexcept {
  switch (state) {
  case child_state::starting:
    return "starting";
  case child_state::running:
    return "running";
  case child_state::waiting:
    return "waiting";
  case child_state::stopping:
    return "stopping";
  case child_state::stopped:
    return "stopped";
  }
  return "?";
}

std::string to_string(const supervision_tree& tree) {
  std::string result;
  write(result, tree, 0);
  return result;
}

std::ostream& operator<<(std::ostream& out, const supervision_tree& tree) {
  return out << to_string(tree);
}

} // namespace ramet
