// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The first message in a child's mailbox: what to run, and who you are.

#pragma once

#include <ramet/detail/code_address.hpp>
#include <ramet/detail/launch.hpp>
#include <ramet/detail/message.hpp>

#include <cstdint>
#include <memory>

namespace ramet::detail {

/// Stands before the arguments. Understood by every build of ramet with the
/// same magic; what follows, only by the same build of the program.
struct start_header {
  static constexpr std::uint64_t current_magic =
      0x31'54'52'41'54'53; // "START1"

  std::uint64_t magic = current_magic;
  code_address entry;
  std::uint64_t arguments_type = 0;
  std::uint64_t daemon = 0;
  char identity[64] = {}; ///< see self::identity
  char parent_name[128] = {};
};
static_assert(sizeof(start_header) % 8 == 0);

/// The message as the mailbox takes it; refers to `header` and `arguments`.
struct start_message {
  const start_header& header;
  const outgoing& arguments;

  outgoing as_outgoing() const;
};

/// Copies the header out of a received message. @throws error protocol
start_header read_start_header(const incoming& message);

/// Decodes the rest. @throws error child_failed when this is another build
std::unique_ptr<job> read_start_job(const start_header& header,
                                    const incoming& message);

} // namespace ramet::detail
