// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "os_posix.hpp"

#include <fmt/format.h>

#include <cstring>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace ramet::detail {

std::string bytes_in_words(std::uint64_t size) {
  const char* unit = "bytes";
  for (auto* larger : {"KiB", "MiB", "GiB", "TiB"}) {
    if (size == 0 || size % 1024 != 0)
      break;
    size /= 1024;
    unit = larger;
  }
  return fmt::format("{} {}", size, unit);
}

std::string address_space_hint() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return {};
  return fmt::format("; the address space of this process is limited to {}",
                     bytes_in_words(limit.rlim_cur));
}

static std::string open_files_hint() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return "; raise the limit of open files (ulimit -n)";
  return fmt::format("; this process may have {} files open: raise that limit "
                     "(ulimit -n, or process_setup::limits.open_files)",
                     limit.rlim_cur);
}

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
                  "are open"
                + address_space_hint()};
  case EMFILE:
    return {errc::resource_exhausted, text + open_files_hint()};
  case ENFILE:
    return {errc::resource_exhausted,
            text + "; raise the system's limit of open files (fs.file-max)"};
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

void open_missing_streams() noexcept {
  for (int fd = 0; fd <= STDERR_FILENO; ++fd)
    if (::fcntl(fd, F_GETFD) < 0)
      if (int opened = ::open("/dev/null", O_RDWR); opened > STDERR_FILENO)
        ::close(opened); // another thread was faster
}

} // namespace ramet::detail
