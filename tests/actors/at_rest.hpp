// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a process with actors keeps when it has nothing to do with others.

#pragma once

#include "family.hpp"
#include "leak_check.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>

namespace ramet_test {

/// Whether this process watches another one.
inline bool has_pidfds() {
  return std::ranges::any_of(
      std::filesystem::directory_iterator{"/proc/self/fd"}, [](auto& entry) {
        std::error_code gone; // that of the directory itself
        return std::filesystem::read_symlink(entry.path(), gone)
               == "anon_inode:[pidfd]";
      });
}

/// Whether all processes that it dealt with are forgotten: nothing is left but
/// its own mailbox, and the bell of that. Their ends are dealt with by other
/// threads.
inline bool is_at_rest() {
  auto& members = ramet::detail::family::mine();
  auto mailbox =
      std::filesystem::path{members.path_of(members.own_page().inbox.load())}
          .filename()
          .string();
  return std::ranges::all_of(
             object_files(),
             [&](const std::string& name) { return name.starts_with(mailbox); })
         && !has_pidfds();
}

} // namespace ramet_test
