// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A lock in shared memory that outlives its owner's death.

#pragma once

#include <ramet/detail/message.hpp>

#include <pthread.h>

namespace ramet::detail {

enum class lock_result {
  locked,
  owner_died, ///< locked, but the last owner was killed holding it
  timed_out,
};

/// Process-shared and robust: when its owner is killed, the kernel hands it
/// on and the next owner is told. Lives in shared memory; init() once, no
/// destructor. Whoever gets `owner_died` holds the lock, puts right what it
/// guards and calls `recovered()` before unlocking.
class robust_mutex {
public:
  void init();

  lock_result lock();
  lock_result try_lock();
  lock_result lock_until(deadline until);
  void recovered();
  /// @throws error protocol when the calling thread does not hold it
  void unlock();

  /// After the death of a process that had it open. Lets all who wait look
  /// again: when the dead was the one that the last unlock woke, and another
  /// one took the lock meanwhile, nobody else would ever be woken. And marks it
  /// as the system does, should its owner be nowhere: of those that one thread
  /// holds, the system looks after 2048.
  void bury();

private:
  pthread_mutex_t mutex_;
};

} // namespace ramet::detail
