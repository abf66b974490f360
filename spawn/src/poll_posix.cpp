// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "poll_posix.hpp"

#include "os_posix.hpp"

#include <chrono>
#include <ctime>

namespace ramet::detail {

bool wait_for_events(std::span<pollfd> all, deadline until,
                     const char* attempted) {
  using clock = std::chrono::steady_clock;
  using namespace std::chrono;
  for (;;) {
    timespec left{};
    timespec* limit = &left;
    if (until.is_never()) {
      limit = nullptr;
    } else if (!until.is_now()) {
      auto rest = until.at - clock::now();
      if (rest > rest.zero()) {
        auto whole = duration_cast<seconds>(rest);
        left.tv_sec = whole.count();
        left.tv_nsec = nanoseconds{rest - whole}.count();
      }
    }
    auto ready =
        ::ppoll(all.data(), static_cast<nfds_t>(all.size()), limit, nullptr);
    if (ready > 0)
      return true;
    if (ready == 0 && (until.is_now() || clock::now() >= until.at))
      return false;
    if (ready < 0 && errno != EINTR)
      throw_os_error(errno, attempted);
  }
}

} // namespace ramet::detail
