// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What stands in the files of each kind of object.

#pragma once

#include "chain.hpp"
#include "last_will.hpp"
#include "mailbox_control.hpp"
#include "object.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ramet::detail {

inline constexpr std::size_t page_size = 4096;

constexpr std::size_t in_pages(std::size_t bytes) {
  return (bytes + page_size - 1) / page_size * page_size;
}

struct mailbox_layout {
  object_header header;
  mailbox_control control;

  static constexpr std::size_t head_bytes();
  static constexpr std::size_t file_bytes();
};

constexpr std::size_t mailbox_layout::head_bytes() {
  return in_pages(sizeof(mailbox_layout));
}
constexpr std::size_t mailbox_layout::file_bytes() {
  return head_bytes() + home_capacity;
}

/// Who owns a pipe's end: a process, nobody any more, or the message that
/// carries it. The epoch in the upper half grows with every move, so that a
/// handle whose end has moved on (perhaps back to the same process) is told
/// apart from the one that owns it now.
struct end_owner {
  static constexpr std::uint32_t in_message = 0xffffffff;
  static constexpr std::uint32_t closed = 0xfffffffe;

  std::uint32_t who = closed; // a process_slot, or one of the above
  std::uint32_t epoch = 0;

  static end_owner unpack(std::uint64_t word) {
    return {static_cast<std::uint32_t>(word),
            static_cast<std::uint32_t>(word >> 32)};
  }
  std::uint64_t pack() const { return std::uint64_t{epoch} << 32 | who; }
};

/// End i reads mailbox i and writes mailbox 1 - i.
struct pipe_layout {
  object_header header;
  std::atomic<std::uint64_t> owners[2]; // end_owner, packed
  std::uint32_t readable[2];            // 1: end i may receive
  mailbox_control boxes[2];

  static constexpr std::size_t head_bytes();
  static constexpr std::size_t file_bytes();
};

constexpr std::size_t pipe_layout::head_bytes() {
  return in_pages(sizeof(pipe_layout));
}
constexpr std::size_t pipe_layout::file_bytes() {
  return head_bytes() + 2 * home_capacity;
}

struct mutex_layout {
  object_header header;
  robust_mutex mutex;
};

/// The bytes begin on the next page.
struct shared_memory_layout {
  object_header header;
  std::uint64_t size;
  std::atomic<std::uint32_t> named; // 1: the name holds it
  char name[160];

  /// The name holds it no more. True: it had one.
  bool drop_name() {
    if (named.exchange(0) == 0)
      return false;
    header.message_holds.fetch_add(object_header::one_hold_less);
    return true;
  }
  static constexpr std::size_t head_bytes();
};

constexpr std::size_t shared_memory_layout::head_bytes() {
  return in_pages(sizeof(shared_memory_layout));
}

struct last_will_layout {
  object_header header;
  std::uint64_t mailbox; // whom to tell
  std::uint64_t type;    // of the message
  std::size_t size;
  std::byte bytes[max_last_message];
};

/// The descriptor itself is with the keeper, under this object's id.
struct descriptor_layout {
  object_header header;
  member_id keeper;
};

} // namespace ramet::detail
