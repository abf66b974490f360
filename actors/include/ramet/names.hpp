// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Names for actors, known in all processes of the family.

#pragma once

#include <ramet/actor_error.hpp>
#include <ramet/actor_system.hpp>
#include <ramet/detail/type_id.hpp>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <type_traits>

namespace ramet {

namespace detail {

bool register_name(const std::string& name, std::string_view interface,
                   const caf::strong_actor_ptr& actor);
/// Null when there is none until then. An interface of caf::actor fits all.
caf::strong_actor_ptr find_name(const std::string& name,
                                std::string_view interface, deadline until);

/// How the registrar calls the interface behind a handle.
template <class Handle>
std::string_view interface_of() {
  static_assert(!std::is_same_v<Handle, void>);
  return type_id_of<Handle>().name;
}

} // namespace detail

/// Gives an actor a name, by which all processes of the family find it. Kept by
/// the family's first process, where nothing need be done for it. The name is
/// free again when the actor ends, or its process does, however that happens.
///
/// @code
/// ramet::register_as("savings", acct);
/// auto same = ramet::whereis<account>("savings");   // in any process
/// @endcode
///
/// False if another actor has the name; true also if this one has it already.
/// An actor may have several names. Waits for the first process to answer, as
/// all functions here do. Thread-safe. @throws error closed (the handle is
/// empty, or the first process has ended)
template <class Handle>
bool register_as(const std::string& name, const Handle& actor) {
  return detail::register_name(name, detail::interface_of<Handle>(),
                               caf::actor_cast<caf::strong_actor_ptr>(actor));
}

/// Frees a name. False if nobody has it. @throws error closed
bool unregister(const std::string& name);

/// The actor of that name; an empty handle if there is none now. Any actor can
/// be had as caf::actor; a typed handle must be of the type that the actor was
/// registered with. @throws error type_mismatch, closed
template <class Handle = caf::actor>
Handle whereis(const std::string& name) {
  return caf::actor_cast<Handle>(detail::find_name(
      name, detail::interface_of<Handle>(), detail::deadline::now()));
}

/// Waits until an actor of that name is there. @throws as whereis
template <class Handle = caf::actor>
Handle wait_for_name(const std::string& name) {
  return caf::actor_cast<Handle>(detail::find_name(
      name, detail::interface_of<Handle>(), detail::deadline::never()));
}

/// The same as whereis.
template <class Handle = caf::actor>
Handle try_wait_for_name(const std::string& name) {
  return whereis<Handle>(name);
}

/// Waits so long at most; then gives an empty handle. @throws as whereis
template <class Handle = caf::actor, class Rep, class Period>
Handle wait_for_name_for(const std::string& name,
                         std::chrono::duration<Rep, Period> time) {
  return caf::actor_cast<Handle>(detail::find_name(
      name, detail::interface_of<Handle>(), detail::deadline::in(time)));
}

} // namespace ramet
