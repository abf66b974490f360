// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The actors in a manager's process.

#pragma once

#include "object_message.hpp"

#include <caf/event_based_actor.hpp>

#include <cstdint>

namespace ramet::detail {

/// Has one object and makes the calls of it, one after another. Ends when
/// nobody has a handle of the object any more.
class object_host final : public caf::event_based_actor, public object_site {
public:
  explicit object_host(caf::actor_config& config);
  ~object_host() override;

  const char* name() const override { return "ramet::object"; }
  caf::behavior make_behavior() override;
  void on_exit() override;
  object_handle handle() override;

  /// Whose call this thread makes; 0: none.
  static std::uint64_t running_here();
  /// How many there are in this process.
  static std::uint64_t count();

private:
  object_reply answer(const object_request& request);
};

/// Passes each call on to a host of its own, which is to be made by it.
class object_factory final : public caf::event_based_actor {
public:
  explicit object_factory(caf::actor_config& config)
      : event_based_actor(config) {}

  const char* name() const override { return "ramet::objects"; }
  caf::behavior make_behavior() override;
};

} // namespace ramet::detail
