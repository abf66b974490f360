// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a start method has to do.

#pragma once

#include "child.hpp"

#include <ramet/detail/launch.hpp>
#include <ramet/process_options.hpp>
#include <ramet/start_method.hpp>

#include <memory>
#include <string_view>

namespace ramet::detail {

struct start_request {
  const process_options& options;
  job_entry entry;
  const outgoing& arguments;
};

/// Makes a child that runs the job. Thread-safe.
class starter {
public:
  starter() = default;
  starter(const starter&) = delete;
  starter& operator=(const starter&) = delete;
  virtual ~starter() = default;

  /// When it throws, no child is left.
  virtual std::shared_ptr<child> start(const start_request& request) = 0;
};

/// @throws error protocol when this version does not have the method
starter& starter_of(start_method method);

/// For methods that fork. @throws error protocol when the options name another
///   program than this one
void require_own_program(const process_options& options,
                         const std::string& name, std::string_view method);

/// Runs the own program, or another of the same build, from main() on.
starter& spawn_starter();

/// Runs a thread of this process.
starter& thread_starter();
/// Forks this process, if that has no threads that would be missing.
starter& fork_starter();

/// Forks a process of the own program that waits for that: the zygote.
starter& forkserver_starter();

} // namespace ramet::detail
