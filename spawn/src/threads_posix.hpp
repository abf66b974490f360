// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What the library's own threads need of the system.

#pragma once

#include <csignal>

namespace ramet::detail {

/// Blocks all signals in this thread while it lives, and so in the threads that
/// it makes: signals are the program's.
class signals_blocked {
public:
  signals_blocked();
  ~signals_blocked();
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;

private:
  sigset_t before_;
};

/// At most 15 characters; seen in ps and debuggers.
void name_this_thread(const char* name);

} // namespace ramet::detail
