// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Robust mutexes inside shared objects, as one process has them.

#pragma once

#include "object.hpp"
#include "robust_mutex.hpp"

#include <atomic>
#include <cstdint>

namespace ramet::detail {

/// Which of this process's threads holds the mutex of an object.
///
/// Keeps the memory of a locked mutex mapped, whatever becomes of its handles:
/// the system has a list of the robust mutexes that a thread holds, and both
/// the thread's next lock and its end go through it.
class mutex_holder final : public object::attachment {
public:
  explicit mutex_holder(object&) {}
  // The original holds it, if anybody.
  void after_fork() noexcept override {
    owner_.store(nobody, std::memory_order_relaxed);
    object_.reset();
    again = 0;
  }

  bool is_this_thread() const {
    return owner_.load(std::memory_order_relaxed) == this_thread();
  }
  /// This thread has locked the mutex of `object`.
  void enter(const object_ptr& object);
  /// It is about to unlock it. What this returns is to be let go of then.
  [[nodiscard]] object_ptr leave();

  /// How often more than once the owner has locked it.
  std::uint64_t again = 0;

private:
  static constexpr std::uint64_t nobody = 0;
  /// A number that no other thread of this process ever has: the system gives
  /// the ids of threads that ended to others.
  static std::uint64_t this_thread();

  std::atomic<std::uint64_t> owner_{nobody}; // only the owner finds itself here
  object_ptr object_;                        // guarded by the mutex itself
};

/// An object that is a mutex and nothing else.
/// @throws error resource_exhausted, os_failure
object_ptr make_mutex();

/// Locks it, and has the holder know. False: timed out.
/// @param kind begins the message of an exception: "a mutex"
/// @throws error owner_died (it is unlocked again), protocol
bool lock_for_holder(const object_ptr& object, robust_mutex& mutex,
                     const char* kind, deadline until);
/// @throws error protocol when this thread does not hold it
void unlock_of_holder(const object_ptr& object, robust_mutex& mutex,
                      const char* kind);
/// True: its owner had died, and this thread holds it now.
bool recover_for_holder(const object_ptr& object, robust_mutex& mutex);

[[noreturn]] void throw_owner_died(const char* kind);
[[noreturn]] void throw_not_held(const char* kind);

} // namespace ramet::detail
