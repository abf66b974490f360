// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What the library's own threads need of the system.

#pragma once

#include <csignal>
#include <string>

namespace ramet::detail {

/// Blocks all signals in this thread while it lives, and so in the threads that
/// it makes: signals are the program's.
class signals_blocked {
public:
  signals_blocked();
  ~signals_blocked();
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;

  /// What was blocked before.
  const sigset_t& before() const { return before_; }

private:
  sigset_t before_;
};

/// First in each of the library's own threads. At most 15 characters; seen in
/// ps and debuggers.
void name_this_thread(const char* name);

/// Names the thread of a child, as far as there is room. It is the program's.
void name_child_thread(const std::string& name);

/// Notes which signals this thread blocks, as the program's choice. By the main
/// thread, when it makes the runtime.
void note_program_signals();
/// What a process that this thread starts shall block: what the thread does,
/// `own`; or what the program does, if the thread is one of the library's,
/// which block all.
sigset_t signals_of_children(const sigset_t& own);

} // namespace ramet::detail
