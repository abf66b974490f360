// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/names.hpp>

#include "registrar.hpp"

#include <ramet/ask.hpp>
#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <tuple>

namespace ramet {

namespace detail {

namespace {

using found = std::tuple<std::string, caf::strong_actor_ptr>;

found look(const std::string& name, deadline until) {
  if (until.is_now())
    return ask<found>(registrar(), find_atom::value, name).get();
  std::uint64_t time = 0;
  if (!until.is_never()) {
    using namespace std::chrono;
    auto left = ceil<microseconds>(until.at - steady_clock::now()).count();
    time = static_cast<std::uint64_t>(std::max<std::int64_t>(left, 1));
  }
  return ask<found>(registrar(), await_atom::value, name, time).get();
}

} // namespace

bool register_name(const std::string& name, std::string_view interface,
                   const caf::strong_actor_ptr& actor) {
  if (!actor)
    throw error(
        errc::closed,
        fmt::format("registering an actor as '{}': the handle is empty", name));
  return ask<bool>(registrar(), register_atom::value, name,
                   std::string{interface}, actor)
      .get();
}

caf::strong_actor_ptr find_name(const std::string& name,
                                std::string_view interface, deadline until) {
  auto [kind, actor] = look(name, until);
  if (actor && kind != interface && interface != interface_of<caf::actor>())
    throw error(errc::type_mismatch,
                fmt::format("looking for the actor named '{}': it is a {}, "
                            "expected {}",
                            name, kind, interface));
  return actor;
}

} // namespace detail

bool unregister(const std::string& name) {
  return ask<bool>(detail::registrar(), detail::unregister_atom::value, name)
      .get();
}

} // namespace ramet
