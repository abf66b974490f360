// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "cpu_linux.hpp"

#include "os_posix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include <sched.h>
#include <unistd.h>

namespace ramet::detail {

void pin_to_processor(std::size_t index) {
  cpu_set_t usable;
  checked([&] { return ::sched_getaffinity(0, sizeof usable, &usable); },
          [] { return "asking which processors this process may use"; });
  auto count = static_cast<std::size_t>(CPU_COUNT(&usable));
  auto left = index % std::max<std::size_t>(count, 1);
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &usable) || left-- != 0)
      continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    checked([&] { return ::sched_setaffinity(0, sizeof one, &one); },
            [&] { return fmt::format("pinning to processor {}", cpu); });
    return;
  }
}

std::size_t processors() {
  cpu_set_t usable;
  if (::sched_getaffinity(0, sizeof usable, &usable) != 0)
    return 1;
  return std::max(1, CPU_COUNT(&usable));
}

std::size_t resident_bytes(int pid) {
  auto path = "/proc/" + std::to_string(pid) + "/statm";
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{
      std::fopen(path.c_str(), "re"), &std::fclose};
  std::size_t total = 0;
  std::size_t resident = 0;
  if (!file || std::fscanf(file.get(), "%zu %zu", &total, &resident) != 2)
    return 0;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace ramet::detail
