// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "peers.hpp"

namespace bench {

seconds memcpy_one_way(std::size_t size, seconds budget) {
  std::vector<std::byte> from(size, std::byte{0x55});
  std::vector<std::byte> to(size, std::byte{0});
  return median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      std::memcpy(to.data(), from.data(), size);
      // Somebody else might read it: the copy cannot be left out.
      asm volatile("" : : "r"(to.data()) : "memory");
    }
  });
}

} // namespace bench
