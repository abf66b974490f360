// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program of which no zygote can be made, for the reason that its first
// argument says; those are handed on by the environment.

#include <ramet/error.hpp>
#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

int main(int argc, char** argv) {
  if (argc > 1)
    ::setenv("UNFIT", argv[1], 1);
  bool anew = argc <= 1;
  std::string why = std::getenv("UNFIT");
  if (anew && why == "leaves")
    return 9;
  std::optional<ramet::queue<int>> early;
  if (why == "objects")
    early.emplace();
  if (why == "thread")
    std::thread{[] {
      for (;;)
        std::this_thread::sleep_for(std::chrono::hours{1});
    }}.detach();
  ramet::runtime rt{argc, argv};
  try {
    ramet::process child{{.start = ramet::start_method::forkserver}, [] {}};
    std::puts("started");
  } catch (const ramet::error& refused) {
    std::puts(refused.code() == ramet::errc::protocol ? "protocol" : "other");
    std::puts(refused.what());
  }
}
