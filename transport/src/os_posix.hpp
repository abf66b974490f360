// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The one way in which ramet calls POSIX: interrupted calls are repeated,
/// failures become ramet::error with errno and context, descriptors are owned.

#pragma once

#include <ramet/error.hpp>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

namespace ramet::detail {

/// Says what failed, with errno in words. ENOSPC, ENOMEM, EMFILE and the like
/// become `resource_exhausted` with advice, everything else `os_failure`.
[[noreturn]] void throw_os_error(int error_number,
                                 const std::string& attempted);

/// The error that throw_os_error would throw.
error os_error(int error_number, const std::string& attempted);

/// "512 MiB", "1000 bytes".
std::string bytes_in_words(std::uint64_t size);

/// "; the address space of this process is limited to 512 MiB"; empty if it is
/// not.
std::string address_space_hint();

/// Repeats a call that returns -1/EINTR; returns whatever else it returns.
template <class Call>
auto retried(Call&& call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

/// Like `retried`, and throws when the call fails. `attempted()` makes the
/// sentence, only then.
template <class Call, class Describe>
auto checked(Call&& call, Describe&& attempted) {
  auto result = retried(std::forward<Call>(call));
  if (result == -1)
    throw_os_error(errno, attempted());
  return result;
}

/// Owns one file descriptor.
class unique_fd {
public:
  unique_fd() = default;
  explicit unique_fd(int fd) : fd_(fd) {}
  unique_fd(unique_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~unique_fd() { reset(); }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }
  void reset() noexcept;

private:
  int fd_ = -1;
};

/// Opens the standard streams that are closed, leading nowhere: else what we
/// open gets their numbers, and whoever prints would write into it, and who
/// redirects them would close it.
void open_missing_streams() noexcept;

} // namespace ramet::detail
