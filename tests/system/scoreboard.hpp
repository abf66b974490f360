// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Counters that outlive the processes that count.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace ramet_test {

/// Shared memory apart from ramet's, so that what is tested is not what tells.
/// Its maker must live as long as others open it.
class scoreboard {
public:
  static constexpr std::size_t size = 1 << 17;

  scoreboard() : fd_(::memfd_create("scoreboard", MFD_CLOEXEC)) {
    if (fd_ < 0 || ::ftruncate(fd_, bytes) != 0)
      throw std::runtime_error("no memory for a scoreboard");
    path_ =
        "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_);
    map();
  }
  /// What another process has made.
  explicit scoreboard(const std::string& path)
      : fd_(::open(path.c_str(), O_RDWR | O_CLOEXEC)), path_(path) {
    map();
  }
  scoreboard(const scoreboard&) = delete;
  scoreboard& operator=(const scoreboard&) = delete;
  ~scoreboard() {
    ::munmap(counters_, bytes);
    ::close(fd_);
  }

  const std::string& path() const { return path_; }
  std::atomic<std::uint64_t>& operator[](std::size_t i) const {
    return counters_[i];
  }

private:
  static constexpr std::size_t bytes = size * sizeof(std::uint64_t);

  void map() {
    auto* memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (fd_ < 0 || memory == MAP_FAILED)
      throw std::runtime_error("cannot open scoreboard " + path_);
    counters_ = static_cast<std::atomic<std::uint64_t>*>(memory);
  }

  int fd_;
  std::string path_;
  std::atomic<std::uint64_t>* counters_ = nullptr;
};

} // namespace ramet_test
