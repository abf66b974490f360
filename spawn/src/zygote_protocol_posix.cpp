// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "zygote_protocol.hpp"

#include "descriptor_socket_posix.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace ramet::detail {

// Sockets take some 200 KiB at a time.
static constexpr std::size_t piece_bytes = 32 * 1024;

bool send_packet(int socket, std::span<const std::byte> bytes,
                 std::span<const int> descriptors) noexcept {
  errno =
      send_with_descriptors(socket, bytes.data(), bytes.size(), descriptors, 0);
  return errno == 0;
}

bool receive_packet(int socket, std::span<std::byte> bytes,
                    std::vector<unique_fd>& descriptors, int flags) {
  auto received =
      receive_with_descriptors(socket, bytes.data(), bytes.size(), flags);
  descriptors = std::move(received.fds);
  return received.error == 0 && received.size == bytes.size();
}

bool send_in_pieces(int socket, std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    auto size = std::min(bytes.size(), piece_bytes);
    if (!send_packet(socket, bytes.first(size)))
      return false;
    bytes = bytes.subspan(size);
  }
  return true;
}

bool receive_in_pieces(int socket, std::span<std::byte> bytes) {
  std::vector<unique_fd> none;
  while (!bytes.empty()) {
    auto size = std::min(bytes.size(), piece_bytes);
    if (!receive_packet(socket, bytes.first(size), none))
      return false;
    bytes = bytes.subspan(size);
  }
  return true;
}

} // namespace ramet::detail
