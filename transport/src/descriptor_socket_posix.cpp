// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "descriptor_socket_posix.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include <fcntl.h>

namespace ramet::detail {

namespace {

constexpr std::size_t control_bytes =
    CMSG_SPACE(most_descriptors * sizeof(int));

} // namespace

int send_with_descriptors(int socket, const void* bytes, std::size_t size,
                          std::span<const int> fds, int flags) {
  iovec part{const_cast<void*>(bytes), size};
  alignas(cmsghdr) std::byte control[control_bytes];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  auto sent = retried(
      [&] { return ::sendmsg(socket, &message, flags | MSG_NOSIGNAL); });
  return sent < 0 ? errno : 0;
}

received_message receive_with_descriptors(int socket, void* bytes,
                                          std::size_t room, int flags) {
  iovec part{bytes, room};
  alignas(cmsghdr) std::byte control[control_bytes];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  received_message result;
  result.fds.reserve(most_descriptors); // nothing is thrown from here on
  auto got = retried(
      [&] { return ::recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC); });
  if (got < 0) {
    result.error = errno;
    return result;
  }
  result.size = static_cast<std::size_t>(got);
  result.fds_lost = (message.msg_flags & MSG_CTRUNC) != 0;
  for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
      continue;
    auto count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      result.fds.emplace_back(fd);
    }
  }
  return result;
}

socket_address::socket_address(const std::string& path) {
  address_.sun_family = AF_UNIX;
  auto short_path = path;
  if (path.size() >= sizeof address_.sun_path) {
    auto slash = path.rfind('/');
    auto directory = path.substr(0, slash);
    directory_ = unique_fd{checked(
        [&] {
          return ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
        },
        [&] { return "opening the family's directory " + directory; })};
    short_path =
        fmt::format("/proc/self/fd/{}{}", directory_.get(), path.substr(slash));
  }
  std::memcpy(address_.sun_path, short_path.c_str(), short_path.size() + 1);
}

} // namespace ramet::detail
