// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Gets one thread of this process out of wait_ready().

#pragma once

#include "os_posix.hpp"

#include <ramet/detail/waitable.hpp>

#include <atomic>

namespace ramet::detail {

/// One thread waits for it, any may wake that. Costs a system call only when
/// the thread sleeps.
class wake_event {
public:
  /// @throws error resource_exhausted
  wake_event();

  /// The next wait, or the one going on, ends.
  void wake() noexcept;

  // -- by the thread that waits -----------------------------------------------

  /// Call before looking at what others have changed.
  void clear() noexcept;
  waitable what() const;

private:
  native_handle_type arm() const;

  unique_fd event_;
  // Each side writes its own and then reads the other's, in the one order of
  // seq_cst: a wake is seen by the thread before it sleeps, or writes event_.
  mutable std::atomic<bool> woken_{false};
  mutable std::atomic<bool> sleeps_{false};
};

} // namespace ramet::detail
