// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The first line of every main().

#pragma once

namespace ramet {

/// Makes this program one that can start processes of itself.
///
/// @code
/// int main(int argc, char** argv) {
///   ramet::runtime rt{argc, argv};
///   ramet::process p{work, 42};
///   p.join();
/// }
/// @endcode
///
/// In a process that another one started, the constructor runs that process's
/// function and ends the process: it does not return. What the function returns
/// is ignored, as in Python; the exit code is 0, or 1 after an uncaught
/// exception, or what was given to std::exit().
///
/// In the first process (the root) it returns at once. From its first child on,
/// Ctrl-C (SIGINT) there ends the whole family within a second, with one
/// message and exit status 130, unless the program ignores or handles SIGINT
/// itself.
///
/// One of it may be made in a process, by the main thread.
class runtime {
public:
  /// `argv[0]` is handed on to children; nothing else is read.
  /// @throws error protocol when the process has or had a runtime already,
  ///   resource_exhausted or os_failure when no family can be founded
  runtime(int argc, char** argv);

  /// Ends this process's children: daemons get SIGTERM, SIGKILL after a second;
  /// then it waits for the others, as long as that takes. Detached ones are
  /// left alone. std::exit() does the same.
  ~runtime();

  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;
};

} // namespace ramet
