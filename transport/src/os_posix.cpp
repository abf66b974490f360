// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "os_posix.hpp"

#include <fmt/format.h>

#include <cstring>

#include <unistd.h>

namespace ramet::detail {

error os_error(int error_number, const std::string& attempted) {
  const char* reason = strerrordesc_np(error_number);
  auto text = fmt::format("{}: {} (errno {})", attempted,
                          reason ? reason : "unknown error", error_number);
  switch (error_number) {
  case ENOSPC:
  case EDQUOT:
    return {errc::resource_exhausted,
            text
                + "; free space there, or point RAMET_SHM_DIR to a directory "
                  "on a larger file system"};
  case ENOMEM:
    return {errc::resource_exhausted,
            text
                + "; free memory, or raise vm.max_map_count if many objects "
                  "are open"};
  case EMFILE:
  case ENFILE:
    return {errc::resource_exhausted,
            text + "; raise the limit of open files (ulimit -n)"};
  case EAGAIN:
    return {errc::resource_exhausted,
            text
                + "; a limit on processes or threads was reached (ulimit "
                  "-u, or the container's pids limit)"};
  default:
    return {errc::os_failure, text};
  }
}

void throw_os_error(int error_number, const std::string& attempted) {
  throw os_error(error_number, attempted);
}

void unique_fd::reset() noexcept {
  if (fd_ >= 0)
    ::close(std::exchange(fd_, -1)); // Linux: never retried, EINTR closes too
}

} // namespace ramet::detail
