// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "forked.hpp"
#include "peers.hpp"

#include <atomic>
#include <new>

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>

namespace bench {

namespace {

constexpr std::size_t capacity = 4096;

/// One direction: a message, and how many there were.
struct alignas(64) lane {
  std::atomic<std::uint32_t> count{0};
  alignas(64) std::byte data[capacity];
};

long futex(std::atomic<std::uint32_t>& word, int operation,
           std::uint32_t value) {
  return ::syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}

class channel {
public:
  channel(lane& out, lane& in) : out_(out), in_(in) {}

  void send(bytes message) {
    std::memcpy(out_.data, message.data(), message.size());
    out_.count.fetch_add(1, std::memory_order_release);
    futex(out_.count, FUTEX_WAKE, 1);
  }
  bytes receive(std::size_t expected) {
    while (in_.count.load(std::memory_order_acquire) == seen_)
      futex(in_.count, FUTEX_WAIT, seen_);
    ++seen_;
    return {in_.data, expected};
  }

private:
  lane& out_;
  lane& in_;
  std::uint32_t seen_ = 0;
};

} // namespace

seconds futex_round_trip(std::size_t size, seconds budget) {
  if (size > capacity)
    throw std::runtime_error{"the futex peer has room for 4 KiB"};
  void* memory = ::mmap(nullptr, 2 * sizeof(lane), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    fail("mmap");
  auto* lanes = new (memory) lane[2];
  forked child{[&] {
    channel there{lanes[1], lanes[0]};
    answer(there, size);
  }};
  channel here{lanes[0], lanes[1]};
  return round_trip(here, size, budget);
}

} // namespace bench
