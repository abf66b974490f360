// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/groups.hpp>

#include "registrar.hpp"

#include <ramet/ask.hpp>
#include <ramet/detail/caf_compat.hpp>
#include <ramet/error.hpp>

#include <caf/message_id.hpp>

#include <fmt/format.h>

namespace ramet {

namespace detail {

namespace {

template <class R, class Verb>
R ask_registrar(Verb verb, const std::string& group,
                const caf::strong_actor_ptr& actor) {
  if (!actor)
    throw error(errc::closed,
                fmt::format("group '{}': the actor's handle is empty", group));
  return ask<R>(registrar(), verb, group, actor).get();
}

} // namespace

void send_anonymously(const caf::strong_actor_ptr& to,
                      const caf::message& what) {
  if (to)
    caf_compat::deliver(to, caf::make_message_id(), what, nullptr);
}

bool join_group(const std::string& group, const caf::strong_actor_ptr& actor) {
  return ask_registrar<bool>(join_atom::value, group, actor);
}

bool leave_group(const std::string& group, const caf::strong_actor_ptr& actor) {
  return ask_registrar<bool>(leave_atom::value, group, actor);
}

std::vector<caf::actor> subscribe_to_group(const std::string& group,
                                           const caf::strong_actor_ptr& actor) {
  return ask_registrar<std::vector<caf::actor>>(subscribe_atom::value, group,
                                                actor);
}

bool unsubscribe_from_group(const std::string& group,
                            const caf::strong_actor_ptr& actor) {
  return ask_registrar<bool>(unsubscribe_atom::value, group, actor);
}

} // namespace detail

std::vector<caf::actor> group::members() const {
  return ask<std::vector<caf::actor>>(detail::registrar(),
                                      detail::members_atom::value, name_)
      .get();
}

} // namespace ramet
