// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "terminal_posix.hpp"

#include <unistd.h>

namespace ramet::detail {

bool errors_go_to_terminal() noexcept {
  return ::isatty(STDERR_FILENO) == 1;
}

} // namespace ramet::detail
