// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The directory of a family: where it is, and who cleans up.

#pragma once

#include "os_posix.hpp"

#include <string>
#include <vector>

namespace ramet::detail {

struct family_directory {
  std::string path;
  unique_fd lock; ///< holds a shared flock on the directory
};

/// Removes what families left of which nobody is alive, then makes a new
/// directory (mode 0700, random name) in $RAMET_SHM_DIR if set; else in the
/// first of /dev/shm, $XDG_RUNTIME_DIR and the temporary directory that can be
/// written and has 64 MiB free; else in the first that can be written.
/// @throws error os_failure, resource_exhausted
family_directory make_family_directory();

/// Removes the directory and all in it, and the names of its shared memory.
/// Never throws.
void remove_family_directory(const std::string& path) noexcept;

/// Where families of this user may be: directories that exist and can be
/// written, the preferred one first.
std::vector<std::string> family_bases();

/// Removes the directory if nobody of the family is alive. True: it is gone.
bool remove_family_if_dead(const std::string& path);

/// "ramet.1000.", for user 1000: what the names of families' directories begin
/// with.
std::string family_prefix();

} // namespace ramet::detail
