// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "forked.hpp"
#include "peers.hpp"

#include <string>

#include <spawn.h>

extern char** environ;

namespace bench {

seconds posix_spawn_and_wait(seconds budget) {
  char program[] = "/proc/self/exe";
  std::string argument = return_at_once;
  char* arguments[] = {program, argument.data(), nullptr};
  return median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      pid_t pid = 0;
      int status = 0;
      errno =
          ::posix_spawn(&pid, program, nullptr, nullptr, arguments, environ);
      if (errno != 0)
        fail("posix_spawn");
      if (::waitpid(pid, &status, 0) != pid || status != 0)
        throw std::runtime_error{"the spawned program did not return 0"};
    }
  });
}

seconds fork_and_wait(seconds budget) {
  return median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i)
      forked{[] {}};
  });
}

} // namespace bench
