// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "doorbell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

std::string bell_path(std::uint64_t object, std::uint32_t part,
                      process_slot slot) {
  return fmt::format("{}.bell.{}.{}", family::mine().path_of(object), part,
                     slot);
}

// Of the names of this process's bells.
std::mutex& bells_guard() {
  static auto* instance = new std::mutex; // outlives static handles
  return *instance;
}

void write_byte(int fd) {
  char byte = 0;
  // A full FIFO is a ringing bell.
  [[maybe_unused]] auto result = retried([&] { return ::write(fd, &byte, 1); });
}

// A descriptor more than the limit of this process allows, for a moment, as
// whoever sleeps must be rung; none if that is not possible.
unique_fd open_beyond_limit(const char* path, int flags) {
  static auto* guard = new std::mutex; // of the limit
  std::scoped_lock lock{*guard};
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0
      || limit.rlim_cur >= limit.rlim_max)
    return {};
  auto raised = limit;
  raised.rlim_cur = std::min(limit.rlim_cur + 16, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &raised) != 0)
    return {};
  unique_fd result{retried([&] { return ::open(path, flags); })};
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return result;
}

// False: somebody is there who could not be rung.
bool ring_one(std::uint64_t object, std::uint32_t part, process_slot slot) {
  auto path = bell_path(object, part, slot);
  // For reading, too: its owner may let go of it before the byte is written,
  // and a FIFO without a reader would end this process by SIGPIPE.
  constexpr int flags = O_RDWR | O_NONBLOCK | O_CLOEXEC;
  unique_fd fifo{retried([&] { return ::open(path.c_str(), flags); })};
  if (!fifo && errno == ENOENT) // its owner is gone, or never had one
    return true;
  if (!fifo && errno == EMFILE)
    fifo = open_beyond_limit(path.c_str(), flags);
  if (fifo)
    write_byte(fifo.get());
  return static_cast<bool>(fifo);
}

} // namespace

void doorbell_board::ring_armed(std::uint64_t object, std::uint32_t part) {
  auto words = words_.load(std::memory_order_seq_cst);
  for (std::uint32_t i = 0; words != 0; ++i, words >>= 1)
    if (words & 1) {
      // Cleared before the word is emptied: whoever arms in between sets both
      // again.
      words_.fetch_and(~(std::uint64_t{1} << i), std::memory_order_seq_cst);
      armed_.drain_word(i, [&](process_slot slot) {
        if (!ring_one(object, part, slot))
          arm(slot); // the next message may have better luck
      });
    }
}

void doorbell_board::ring_all(std::uint64_t object, std::uint32_t part,
                              const process_set& holders) noexcept {
  try {
    holders.for_each([&](process_slot slot) { ring_one(object, part, slot); });
  } catch (...) { // out of memory
  }
}

doorbell::doorbell(std::uint64_t object, std::uint32_t part)
    : path_(bell_path(object, part, family::mine().slot())) {
  auto attempted = [&] {
    return "making a native handle for a mailbox: " + path_;
  };
  std::scoped_lock lock{bells_guard()};
  ::unlink(path_.c_str()); // left by a process that had this slot before
  checked([&] { return ::mkfifo(path_.c_str(), 0600); }, attempted);
  // Also a writer itself, so that reading it never meets an end of file.
  fifo_ = unique_fd{checked(
      [&] { return ::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC); },
      attempted)};
}

doorbell::~doorbell() {
  if (!fifo_)
    return;
  // The object may have been opened anew while this one was let go of; the
  // name leads to the new bell then.
  std::scoped_lock lock{bells_guard()};
  struct stat own;
  struct stat named;
  if (::fstat(fifo_.get(), &own) == 0 && ::stat(path_.c_str(), &named) == 0
      && own.st_ino == named.st_ino)
    ::unlink(path_.c_str());
}

void doorbell::silence() {
  char bytes[256];
  while (retried([&] { return ::read(fifo_.get(), bytes, sizeof bytes); })
         == static_cast<ssize_t>(sizeof bytes)) {
  }
}

void doorbell::ring_self() {
  write_byte(fifo_.get());
}

void doorbell::remove(std::uint64_t object, std::uint32_t part,
                      process_slot slot) noexcept {
  try {
    ::unlink(bell_path(object, part, slot).c_str());
  } catch (...) { // out of memory: goes with the family
  }
}

} // namespace ramet::detail
