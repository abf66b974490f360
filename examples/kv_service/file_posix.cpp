// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "file.hpp"

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace examples::kv {

namespace {

/// Calls again what a signal interrupted.
template <class Call>
auto checked(const char* what, const std::filesystem::path& path, Call call) {
  for (;;) {
    auto result = call();
    if (result >= 0)
      return result;
    if (errno != EINTR)
      throw std::system_error(errno, std::generic_category(),
                              std::string{what} + " " + path.string());
  }
}

} // namespace

file::file(std::filesystem::path path) : path_(std::move(path)) {
  fd_ = checked("open", path_, [&] {
    return ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  });
}

file::file(file&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

file& file::operator=(file&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}

file::~file() {
  if (fd_ >= 0)
    ::close(fd_);
}

std::uint64_t file::size() const {
  struct stat info {};
  checked("stat", path_, [&] { return ::fstat(fd_, &info); });
  return static_cast<std::uint64_t>(info.st_size);
}

std::size_t file::read_at(std::uint64_t offset, std::span<char> room) const {
  std::size_t done = 0;
  while (done < room.size()) {
    auto got = checked("read", path_, [&] {
      return ::pread(fd_, room.data() + done, room.size() - done,
                     static_cast<off_t>(offset + done));
    });
    if (got == 0)
      break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void file::write_at(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    auto done = checked("write", path_, [&] {
      return ::pwrite(fd_, bytes.data(), bytes.size(),
                      static_cast<off_t>(offset));
    });
    offset += static_cast<std::uint64_t>(done);
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
}

void file::truncate(std::uint64_t size) {
  checked("truncate", path_,
          [&] { return ::ftruncate(fd_, static_cast<off_t>(size)); });
}

void file::sync() {
  checked("sync", path_, [&] { return ::fdatasync(fd_); });
}

void file::rename(const std::filesystem::path& path) {
  std::filesystem::rename(path_, path);
  path_ = path;
}

void sync_directory(const std::filesystem::path& directory) noexcept {
  auto name = directory.empty() ? "." : directory.c_str();
  int fd = ::open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;
  ::fsync(fd);
  ::close(fd);
}

} // namespace examples::kv
