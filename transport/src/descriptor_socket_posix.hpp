// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What processes say to the keeper of descriptors, over a Unix socket that
/// preserves messages.

#pragma once

#include "os_posix.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>

namespace ramet::detail {

/// The most that the kernel takes in one message (SCM_MAX_FD).
inline constexpr std::size_t most_descriptors = 253;

enum class keeper_verb : std::uint32_t { keep, fetch, drop };

/// `keep` comes with one id and its descriptor, `fetch` and `drop` with ids.
/// Only the first two are answered.
struct keeper_request {
  keeper_verb verb = keeper_verb::drop;
  std::uint32_t count = 0;
  std::uint64_t ids[most_descriptors] = {};

  std::size_t bytes() const {
    return offsetof(keeper_request, ids) + count * sizeof ids[0];
  }
};

/// With `result` 0 the answer to `fetch` comes with the descriptors; else it is
/// an errno of the keeper.
struct keeper_answer {
  std::int32_t result = 0;
};

/// Sends bytes and descriptors as one message. Returns 0 or errno.
int send_with_descriptors(int socket, const void* bytes, std::size_t size,
                          std::span<const int> fds, int flags);

/// What came: no bytes at the other's end.
struct received_message {
  std::size_t size = 0;
  std::vector<unique_fd> fds;
  bool fds_lost = false; ///< There was no room for all of them.
  int error = 0;         ///< errno
};
received_message receive_with_descriptors(int socket, void* bytes,
                                          std::size_t room, int flags);

/// Leads to a socket in the file system, however long its path is.
class socket_address {
public:
  /// @throws error os_failure, resource_exhausted
  explicit socket_address(const std::string& path);

  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&address_);
  }
  socklen_t size() const { return sizeof address_; }

private:
  sockaddr_un address_{};
  unique_fd directory_; // of a path that is too long
};

} // namespace ramet::detail
