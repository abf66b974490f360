// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Starts a program.

#pragma once

#include "child_setup.hpp"
#include "os_posix.hpp"

#include <string>
#include <vector>

namespace ramet::detail {

struct launch_request {
  std::string program;                  ///< a path; PATH is not searched
  std::vector<std::string> arguments;   ///< argv, from argv[0] on
  std::vector<std::string> environment; ///< NAME=value, beside our own
  const child_setup* setup = nullptr;   ///< null: all as in this process
  std::vector<int> descriptors = {};    ///< it has them, too, as they are
};

struct launched {
  int pid = 0;
  unique_fd pidfd;
};

/// Returns when the program runs. It gets this process's standard streams,
/// signal mask and environment (with the request's variables in place of ours
/// of the same names) and no descriptor but the request's, but for what the
/// setup says otherwise. It costs the same however large this process is.
/// Thread-safe.
/// @param purpose begins the message of an exception
/// @throws error os_failure, resource_exhausted; then no process is left
launched launch_program(const launch_request& request,
                        const std::string& purpose);

} // namespace ramet::detail
