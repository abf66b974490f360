// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What tests of forked children look at from outside.

#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <unistd.h>

namespace ramet::test {

/// The text of a file in /proc; empty if the process is gone.
inline std::string proc_text(int pid, const std::string& file) {
  try {
    std::ifstream in{"/proc/" + std::to_string(pid) + "/" + file};
    return {std::istreambuf_iterator<char>{in}, {}};
  } catch (const std::ios_base::failure&) { // it goes while we read
    return {};
  }
}

/// True for a zombie, too.
inline bool lives_no_more(int pid) {
  auto state = proc_text(pid, "stat");
  return state.empty() || state.find(") Z ") != state.npos;
}

/// The number behind `name` in the status of a process; 0 if it is gone.
inline int proc_number(int pid, const std::string& name) {
  auto text = proc_text(pid, "status");
  auto found = text.find(name + ":");
  return found == text.npos ? 0
                            : std::stoi(text.substr(found + name.size() + 1));
}

/// The processes that the system takes for children of `parent`, in no order,
/// zombies included.
inline std::vector<int> children_in_system(int parent) {
  std::vector<int> result;
  for (auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") == name.npos
        && proc_number(std::stoi(name), "PPid") == parent)
      result.push_back(std::stoi(name));
  }
  return result;
}

} // namespace ramet::test
