// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a process, its zygote and the spare child tell each other: one message
/// each, over sockets that keep messages apart (SOCK_SEQPACKET).

#pragma once

#include "child_setup.hpp"
#include "os_posix.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <limits.h>

namespace ramet::detail {

/// In the environment of a zygote: "SOCKET:MEMORY:OWNER:BIND", two descriptors,
/// the pid of the process that it is for, and whether the next variable is not
/// the owner's.
inline constexpr auto zygote_variable = "RAMET_ZYGOTE";
/// Tells the dynamic linker to bind all symbols at the start: once for all
/// forks, each of which would else do so anew. The children do not see it.
inline constexpr auto bind_now_variable = "LD_BIND_NOW";
/// How a program exits for which the dynamic linker does not find something.
inline constexpr int not_linked = 127;

/// Memory that a zygote shares with its owner, who looks into it when the
/// zygote is dead.
struct zygote_page {
  /// The last child that it made: written by the system as it makes it, so that
  /// none is ever unknown.
  std::atomic<std::int32_t> last_pid;
};

/// From the zygote to its owner.
struct zygote_report {
  enum class kind : std::uint32_t {
    spare,   ///< a child waits; beside: its pidfd, a socket to it
    failed,  ///< it could not be made; `error_number` says why
    refused, ///< this program cannot have a zygote; `text` says why
  };
  kind what = kind::spare;
  std::int32_t pid = 0;
  std::int32_t error_number = 0;
  std::uint64_t start_time = 0;
  char text[512] = {};
};

/// From the owner to the zygote: make another spare.
struct zygote_order {
  std::uint32_t spares = 1;
};

/// From the owner to the spare: become a process of the family. Beside it come
/// those standard streams that are open in the owner, in order.
struct spare_order {
  std::int32_t parent = 0;           ///< pid
  std::uint32_t streams = 0;         ///< bit i: descriptor i comes along
  std::uint64_t signal_mask = 0;     ///< bit i: signal i + 1 is blocked
  std::uint32_t has_setup = 0;       ///< 1: a spare_setup comes next
  char passport[PATH_MAX + 64] = {}; ///< a path and two numbers
};

/// From the owner to the spare, with the descriptors that the orders name. Then
/// come the changes of the environment, encoded; and the spare sends a
/// setup_answer.
struct spare_setup {
  setup_orders orders;
  std::uint64_t descriptor_count = 0; // that come along
  std::uint64_t environment_bytes = 0;
};

/// One message with descriptors. False, with errno: it was not sent.
bool send_packet(int socket, std::span<const std::byte> bytes,
                 std::span<const int> descriptors = {}) noexcept;
/// False: the other side is gone, or sent something else. Descriptors that came
/// along are in `descriptors`, and close-on-exec; those are missing for which
/// this process had no room.
bool receive_packet(int socket, std::span<std::byte> bytes,
                    std::vector<unique_fd>& descriptors, int flags = 0);

/// The same for what may be larger than one message can be.
bool send_in_pieces(int socket, std::span<const std::byte> bytes) noexcept;
bool receive_in_pieces(int socket, std::span<std::byte> bytes);

template <class T>
bool send_packet(int socket, const T& message,
                 std::span<const int> descriptors = {}) noexcept {
  static_assert(std::is_trivially_copyable_v<T>);
  return send_packet(socket, std::as_bytes(std::span{&message, 1}),
                     descriptors);
}

template <class T>
bool receive_packet(int socket, T& message, std::vector<unique_fd>& descriptors,
                    int flags = 0) {
  static_assert(std::is_trivially_copyable_v<T>);
  return receive_packet(socket, std::as_writable_bytes(std::span{&message, 1}),
                        descriptors, flags);
}

} // namespace ramet::detail
