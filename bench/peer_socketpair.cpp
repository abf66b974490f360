// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "forked.hpp"
#include "peers.hpp"

namespace bench {

namespace {

/// Messages of a size known to both sides: no frames, no allocation.
class channel {
public:
  channel(int fd, std::size_t size) : fd_(fd), buffer_(size) {}

  void send(bytes message) { write_all(fd_, message); }
  bytes receive(std::size_t expected) {
    std::span<std::byte> message{buffer_.data(), expected};
    return read_all(fd_, message) ? bytes{message} : bytes{};
  }

private:
  int fd_;
  std::vector<std::byte> buffer_;
};

template <class Work>
seconds between(std::size_t size, Work&& work) {
  socket_pair sockets;
  forked child{[&] {
    ::close(sockets.ends[0]);
    channel there{sockets.ends[1], size};
    answer(there, size);
  }};
  ::close(sockets.ends[1]);
  channel here{sockets.ends[0], size};
  auto result = work(here);
  ::close(sockets.ends[0]);
  return result;
}

} // namespace

seconds socketpair_round_trip(std::size_t size, seconds budget) {
  return between(size,
                 [&](channel& here) { return round_trip(here, size, budget); });
}

seconds socketpair_one_way(std::size_t size, seconds budget) {
  return between(size,
                 [&](channel& here) { return one_way(here, size, budget); });
}

} // namespace bench
