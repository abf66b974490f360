// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/wait.hpp>

#include "os_posix.hpp"
#include "parking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include <poll.h>

namespace ramet::detail {

namespace {

// Milliseconds for poll, rounded up so that it never returns too early.
int poll_timeout(deadline until) {
  if (until.is_never())
    return -1;
  auto left = until.at - std::chrono::steady_clock::now();
  if (until.is_now() || left <= left.zero())
    return 0;
  auto milliseconds =
      std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(
      std::min<std::int64_t>(milliseconds, std::numeric_limits<int>::max()));
}

class waiting {
public:
  explicit waiting(std::span<const waitable> things)
      : things_(things), polled_(things.size()) {}

  // Those that are ready by their own word.
  bool look() {
    ready_.clear();
    for (std::size_t i = 0; i < things_.size(); ++i)
      if (things_[i].ready && things_[i].ready(things_[i].thing))
        ready_.push_back(i);
    return !ready_.empty();
  }

  // Those, and what the system says of all others; waits if none is.
  bool poll(deadline until) {
    bool waits = !look() && !until.is_now();
    for (std::size_t i = 0; i < things_.size(); ++i) {
      auto& thing = things_[i];
      bool asks = waits || !thing.ready;
      polled_[i] = {asks ? thing.arm(thing.thing) : -1, POLLIN, 0};
      if (asks && polled_[i].fd < 0) // poll would overlook it
        throw_os_error(
            EBADF, fmt::format("waiting for native handle {}", polled_[i].fd));
    }
    auto count =
        ::poll(polled_.data(), polled_.size(), waits ? poll_timeout(until) : 0);
    if (count < 0 && errno != EINTR)
      throw_os_error(errno,
                     fmt::format("waiting for {} things", things_.size()));
    look();
    if (count > 0)
      for (std::size_t i = 0; i < things_.size(); ++i)
        if (!things_[i].ready && polled_[i].revents != 0) {
          if (polled_[i].revents & POLLNVAL)
            throw_os_error(EBADF, fmt::format("waiting for native handle {}",
                                              polled_[i].fd));
          ready_.push_back(i);
        }
    std::ranges::sort(ready_);
    return !ready_.empty();
  }

  std::vector<std::size_t> ready() && { return std::move(ready_); }

private:
  std::span<const waitable> things_;
  std::vector<pollfd> polled_;
  std::vector<std::size_t> ready_;
};

} // namespace

std::vector<std::size_t> wait_ready(std::span<const waitable> things,
                                    deadline until) {
  static spinner spins;
  waiting wait{things};
  if (!until.is_now())
    spins.spin([&] { return wait.look(); });
  while (!wait.poll(until))
    if (!until.is_never() && std::chrono::steady_clock::now() >= until.at)
      break;
  return std::move(wait).ready();
}

waitable native_waitable(const native_handle_type& handle) {
  return {&handle, nullptr, [](const void* thing) {
            return *static_cast<const native_handle_type*>(thing);
          }};
}

} // namespace ramet::detail
