// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What processes put into each other's mailboxes for their actors.

#pragma once

#include "member_node.hpp"

#include <ramet/detail/pack.hpp>
#include <ramet/detail/wire_caf.hpp>

#include <cstdint>

namespace ramet::detail {

enum class frame_kind : std::uint32_t {
  message, ///< for an actor: stages and values follow
  watch,   ///< tell `from` when actor `receiver` ends
  down,    ///< actor `receiver` of `from` has ended; the reason follows
  link,    ///< actor `sender` of `from` has linked to actor `receiver`
  unlink,  ///< neither is linked to the other any more
  moving,  ///< `from` hands request `id` of `receiver` on to process `sender`
  moved,   ///< and has done so
  run,     ///< make an actor: its function and arguments follow
  stop,    ///< end all actors, then the process
  ended,   ///< process `from` has ended; from its watcher, in each process
};

struct frame_header {
  frame_kind kind = frame_kind::message;
  std::uint32_t stages = 0;
  member_id from;     ///< who puts it here
  actor_words sender; ///< of a message; may be of a third process
  std::uint64_t receiver = 0;
  std::uint64_t id = 0; ///< of a message, as CAF has it
};
static_assert(sizeof(frame_header) == 48);

inline constexpr std::uint64_t frame_type = fnv1a("ramet::actors frame, 1");

/// Nothing after the header.
struct no_body {
  void count(size_counter&) const {}
  void save(writer&) const {}
};

/// A frame about to be put. `Body` has count() and save().
template <class Body>
struct frame {
  const frame_header& header;
  const Body& body;

  outgoing as_outgoing() const {
    size_counter count;
    count.add(sizeof(frame_header), 0);
    body.count(count);
    return {frame_type, count.size(), count.refs(), this,
            [](const void* object, std::span<std::byte> bytes,
               std::span<object_ref> refs) {
              auto& self = *static_cast<const frame*>(object);
              writer out{bytes, refs};
              out.bytes(&self.header, sizeof self.header);
              self.body.save(out);
              out.finish();
            }};
  }
};

} // namespace ramet::detail
