// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "self.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <unistd.h>

namespace ramet::detail {

namespace {

constexpr auto first_line = "make `ramet::runtime rt{argc, argv};` the first "
                            "line of main()";

} // namespace

self& self::mine() {
  static auto* instance = new self;
  return *instance;
}

void self::claim_runtime() {
  int nobody = 0;
  if (!runtime_pid_.compare_exchange_strong(nobody, ::getpid()))
    throw error(errc::protocol,
                "making a ramet::runtime: this process has, or had, one "
                "already; make one only, as the first line of main()");
}

void self::take_over_runtime() {
  runtime_pid_.store(::getpid());
  begin_anew_after_fork();
  interrupted.store(false);
  phase.store(runtime_phase::none);
}

void self::require_live(const std::string& attempted) const {
  switch (phase.load()) {
  case runtime_phase::ending:
    if (!face::here().live())
      break;
    [[fallthrough]];
  case runtime_phase::live:
    if (same_process())
      return;
    throw error(errc::protocol,
                attempted
                    + ": this process is a plain fork() of one with a "
                      "ramet::runtime and has none itself; start processes "
                      "from the original");
  case runtime_phase::none:
    throw error(errc::protocol,
                fmt::format("{}: no ramet::runtime exists yet; {}, and start "
                            "no process before it, nor from the constructor "
                            "of a static object",
                            attempted, first_line));
  case runtime_phase::ended:
    break;
  }
  throw error(errc::protocol,
              attempted
                  + ": the ramet::runtime of this process is ending or has "
                    "ended; start processes while it lives");
}

bool self::same_process() const {
  return runtime_pid_.load(std::memory_order_relaxed) == ::getpid();
}

void self::hold_if_interrupted() const {
  while (interrupted.load())
    ::pause(); // until the watcher ends the process
}

void self::hold_if_ended() const {
  while (interrupted.load() || phase.load() == runtime_phase::ended)
    ::pause(); // until the process ends
}

} // namespace ramet::detail
