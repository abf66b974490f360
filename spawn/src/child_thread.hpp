// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What stands in for the process of a child that is a thread.

#pragma once

#include "face.hpp"

#include <ramet/remote_exception.hpp>

#include <memory>
#include <optional>
#include <thread>

namespace ramet::detail {

/// Shared by the thread and by the `child`, which joins it as part of
/// collecting its end.
struct child_thread {
  explicit child_thread(face& starter) : worn(face::of_thread(starter)) {}

  const std::shared_ptr<face> worn;
  std::thread thread;
  /// What escaped the function: written by the thread, read when it was joined.
  std::optional<remote_exception> thrown;
};

} // namespace ramet::detail
