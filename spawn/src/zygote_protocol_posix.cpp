// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "zygote_protocol.hpp"

#include "descriptor_socket_posix.hpp"

#include <cerrno>
#include <utility>

namespace ramet::detail {

bool send_packet(int socket, std::span<const std::byte> bytes,
                 std::span<const int> descriptors) noexcept {
  errno =
      send_with_descriptors(socket, bytes.data(), bytes.size(), descriptors, 0);
  return errno == 0;
}

bool receive_packet(int socket, std::span<std::byte> bytes,
                    std::vector<unique_fd>& descriptors) {
  auto received =
      receive_with_descriptors(socket, bytes.data(), bytes.size(), 0);
  descriptors = std::move(received.fds);
  return received.error == 0 && received.size == bytes.size();
}

} // namespace ramet::detail
