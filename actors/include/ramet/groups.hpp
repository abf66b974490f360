// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Groups of actors, known in all processes of the family.

#pragma once

#include <ramet/actor_error.hpp>
#include <ramet/actor_system.hpp>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>

#include <ranges>
#include <string>
#include <utility>
#include <vector>

namespace ramet {

/// What a member has done; who ends, or whose process does, has left.
enum class membership { joined, left };

/// What subscribers of a group get, as a message of this one value.
struct group_event {
  membership what = membership::joined;
  std::string group;
  caf::actor member;
};

namespace detail {

void send_anonymously(const caf::strong_actor_ptr& to,
                      const caf::message& what);

bool join_group(const std::string& group, const caf::strong_actor_ptr& actor);
bool leave_group(const std::string& group, const caf::strong_actor_ptr& actor);
std::vector<caf::actor> subscribe_to_group(const std::string& group,
                                           const caf::strong_actor_ptr& actor);
bool unsubscribe_from_group(const std::string& group,
                            const caf::strong_actor_ptr& actor);

} // namespace detail

/// Sends one message to each of these actors, without a sender. Waits for
/// nobody, but is slowed as all who send to processes that have too much to do.
/// Empty handles are left out, and what is for an actor that has ended is lost.
/// Thread-safe.
template <std::ranges::input_range Actors, class... Ts>
void broadcast(Actors&& actors, Ts&&... values) {
  auto message = caf::make_message(std::forward<Ts>(values)...);
  for (auto&& actor : actors)
    detail::send_anonymously(caf::actor_cast<caf::strong_actor_ptr>(actor),
                             message);
}

/// A group of actors by its name. Any process may add actors of any other; one
/// that ends, or whose process does, leaves by itself. Kept by the family's
/// first process, where nothing need be done for it.
///
/// @code
/// ramet::group workers{"workers"};
/// workers.join(self);                  // in any process
/// workers.send(work::value, 42);       // to all that are in it now
/// workers.subscribe(self);             // group_event messages from now on
/// @endcode
///
/// A value: copies, and others of that name, are the same group. All members
/// wait for the first process to answer and throw error with errc::closed if it
/// has ended, or if they are given an empty handle. Thread-safe.
class group {
public:
  explicit group(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }

  /// False if it was a member already.
  template <class Handle>
  bool join(const Handle& actor) const {
    return detail::join_group(name_,
                              caf::actor_cast<caf::strong_actor_ptr>(actor));
  }
  /// False if it was none.
  template <class Handle>
  bool leave(const Handle& actor) const {
    return detail::leave_group(name_,
                               caf::actor_cast<caf::strong_actor_ptr>(actor));
  }

  /// In the order in which they joined.
  std::vector<caf::actor> members() const;

  /// Sends a message to all members. Returns how many there were; does not wait
  /// for them.
  template <class... Ts>
  std::size_t send(Ts&&... values) const {
    auto all = members();
    broadcast(all, std::forward<Ts>(values)...);
    return all.size();
  }

  /// From now on `actor` gets a group_event for each member that joins or
  /// leaves, until it ends. Returns the members of this moment.
  template <class Handle>
  std::vector<caf::actor> subscribe(const Handle& actor) const {
    return detail::subscribe_to_group(
        name_, caf::actor_cast<caf::strong_actor_ptr>(actor));
  }
  /// False if it was not subscribed.
  template <class Handle>
  bool unsubscribe(const Handle& actor) const {
    return detail::unsubscribe_from_group(
        name_, caf::actor_cast<caf::strong_actor_ptr>(actor));
  }

private:
  std::string name_;
};

} // namespace ramet
