// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "zygote_protocol.hpp"

#include <algorithm>
#include <cstring>

#include <sys/socket.h>

namespace ramet::detail {

namespace {

struct alignas(cmsghdr) control_buffer {
  char bytes[CMSG_SPACE(max_travelling * sizeof(int))] = {};
};

} // namespace

bool send_packet(int socket, std::span<const std::byte> bytes,
                 std::span<const int> descriptors) noexcept {
  iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  control_buffer control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    auto count = std::min(descriptors.size(), max_travelling);
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    auto* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof(int));
    std::memcpy(CMSG_DATA(head), descriptors.data(), count * sizeof(int));
  }
  return retried([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL); })
         == static_cast<ssize_t>(bytes.size());
}

bool receive_packet(int socket, std::span<std::byte> bytes,
                    std::vector<unique_fd>& descriptors) {
  iovec part{bytes.data(), bytes.size()};
  control_buffer control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  descriptors.clear();
  descriptors.reserve(max_travelling); // nothing may fail once they are here
  auto size =
      retried([&] { return ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC); });
  if (size < 0)
    return false;
  for (auto* head = CMSG_FIRSTHDR(&message); head;
       head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
      continue;
    auto count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof fd);
      descriptors.emplace_back(fd);
    }
  }
  return size == static_cast<ssize_t>(bytes.size());
}

} // namespace ramet::detail
