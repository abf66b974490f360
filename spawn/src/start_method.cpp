// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "face.hpp"
#include "starter.hpp"

#include <ramet/error.hpp>
#include <ramet/start_method.hpp>

#include <fmt/format.h>

namespace ramet {

std::string_view to_string(start_method method) noexcept {
  switch (method) {
  case start_method::spawn:
    return "spawn";
  case start_method::forkserver:
    return "forkserver";
  case start_method::fork:
    return "fork";
  case start_method::thread:
    return "thread";
  }
  return "unknown";
}

start_method default_start_method() noexcept {
  return detail::face::here().default_start.load();
}

void set_default_start_method(start_method method) {
  detail::starter_of(method);
  detail::face::here().default_start.store(method);
}

namespace detail {

starter& starter_of(start_method method) {
  if (method == start_method::spawn)
    return spawn_starter();
  if (method == start_method::thread)
    return thread_starter();
  if (method == start_method::fork)
    return fork_starter();
  if (method == start_method::forkserver)
    return forkserver_starter();
  throw error(errc::protocol,
              fmt::format("choosing start method {}: there are spawn, "
                          "forkserver, fork and thread",
                          static_cast<int>(method)));
}

} // namespace detail

} // namespace ramet
