// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "sentinel_linux.hpp"

#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace ramet::detail {

unique_fd make_sentinel() {
  return unique_fd{
      checked([] { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); },
              [] { return "making a sentinel"; })};
}

void raise_sentinel(int sentinel) noexcept {
  std::uint64_t one = 1;
  [[maybe_unused]] auto written =
      ::write(sentinel, &one, sizeof one); // fails only when full
}

} // namespace ramet::detail
