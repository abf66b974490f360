// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "segment.hpp"

#include "os_posix.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

// posix_fallocate returns its error and does not set errno.
void allocate(int fd, std::size_t from, std::size_t to,
              const std::string& path) {
  int result;
  do {
    result = ::posix_fallocate(fd, static_cast<off_t>(from),
                               static_cast<off_t>(to - from));
  } while (result == EINTR);
  if (result != 0)
    throw_os_error(result,
                   fmt::format("reserving {} bytes for {}", to - from, path));
}

std::byte* map(int fd, std::size_t size, const std::string& path,
               prefault pages) {
  int flags = MAP_SHARED | (pages == prefault::yes ? MAP_POPULATE : 0);
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (data == MAP_FAILED)
    throw_os_error(errno, fmt::format("mapping {} bytes of {}", size, path));
  return static_cast<std::byte*>(data);
}

} // namespace

segment::~segment() {
  if (data_)
    ::munmap(data_, size_);
}

segment segment::create(const std::string& path, std::size_t size,
                        std::size_t reserved, prefault pages) {
  unique_fd fd{checked(
      [&] {
        return ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
                      0600);
      },
      [&] { return "making shared object " + path; })};
  try {
    if (size > reserved)
      checked([&] { return ::ftruncate(fd.get(), static_cast<off_t>(size)); },
              [&] { return fmt::format("giving {} {} bytes", path, size); });
    if (reserved > 0)
      allocate(fd.get(), 0, reserved, path);
    return {map(fd.get(), size, path, pages), size};
  } catch (...) {
    remove(path);
    throw;
  }
}

segment segment::open(const std::string& path, prefault pages) {
  unique_fd fd{
      retried([&] { return ::open(path.c_str(), O_RDWR | O_CLOEXEC); })};
  if (!fd) {
    if (errno == ENOENT)
      return {};
    throw_os_error(errno, "opening shared object " + path);
  }
  struct stat status;
  checked([&] { return ::fstat(fd.get(), &status); },
          [&] { return "looking at shared object " + path; });
  auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0)
    return {}; // its maker was killed before it had a size
  return {map(fd.get(), size, path, pages), size};
}

void segment::reserve(const std::string& path, std::size_t from,
                      std::size_t to) {
  unique_fd fd{checked(
      [&] { return ::open(path.c_str(), O_RDWR | O_CLOEXEC); },
      [&] { return "opening shared object " + path + " to let it grow"; })};
  allocate(fd.get(), from, to, path);
}

void segment::remove(const std::string& path) noexcept {
  ::unlink(path.c_str());
}

} // namespace ramet::detail
