// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A shared object that tells a mailbox when nobody holds it any more.

#pragma once

#include "object.hpp"

#include <ramet/detail/mailbox.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ramet::detail {

inline constexpr std::size_t max_last_message = 96;

/// Makes an object that holds a message, without references, for `to`. The
/// message is put there when the last holder of the object lets go or is
/// killed, or the last message with it is dropped; twice, should somebody be
/// killed doing so. If nobody holds the mailbox then, it is for nobody. The
/// object does not hold the mailbox.
/// @throws error resource_exhausted, os_failure
object_ptr make_last_will(const mailbox& to, std::uint64_t type,
                          std::span<const std::byte> message);

/// The message that it was made with.
std::span<const std::byte> last_message(const object& will);

/// Puts the message, as nobody holds the object any more. For a thread that
/// holds no mailbox's lock.
void carry_out_last_will(std::byte* data) noexcept;

/// While one exists, its thread is within a mailbox's lock, and must not put
/// anything into a mailbox: it could be that one, or two threads could wait for
/// each other. Last wills that fall due meanwhile are carried out afterwards.
class last_wills_wait {
public:
  last_wills_wait() { ++depth_; }
  last_wills_wait(const last_wills_wait&) = delete;
  last_wills_wait& operator=(const last_wills_wait&) = delete;
  ~last_wills_wait() {
    if (--depth_ == 0 && any_.load(std::memory_order_relaxed))
      carry_out();
  }

  static bool here() { return depth_ > 0; }
  /// Has the object held until the lock is given up: letting go of it then is
  /// what carries it out, and if we are killed before, our undertaker does.
  static void postpone(std::uint64_t id) noexcept;

private:
  static void carry_out() noexcept;

  static constinit inline thread_local unsigned depth_ = 0;
  static constinit inline std::atomic<bool> any_{false}; // is postponed
};

} // namespace ramet::detail
