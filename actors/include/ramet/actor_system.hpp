// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// This process's CAF actor system.

#pragma once

#include <ramet/detail/message_types.hpp>

#include <caf/actor_system.hpp>

namespace ramet {

/// The actor system of this process, made at the first call in it; there is
/// none, and no thread of one, in a process that uses no actors. Its actors
/// reach and are reached by those of every other process of the family: put
/// their handles into messages, pipes, queues, or the arguments of a process.
///
/// @code
/// auto greeter = ramet::actor_system().spawn(greet);
/// caf::scoped_actor self{ramet::actor_system()};
/// self->request(other_process_actor, 1s, 42).receive(...);
/// @endcode
///
/// Values of messages need no registration: what pipes and queues carry,
/// messages carry (aggregates, types with `inspect`, the standard library's).
/// Include this header, or another one of ramet's that has to do with actors,
/// wherever messages are made.
///
/// The system ends with the process; nothing waits for its actors then.
/// Thread-safe. @throws error protocol (no runtime, or it has ended),
///   resource_exhausted, os_failure
caf::actor_system& actor_system();

} // namespace ramet
