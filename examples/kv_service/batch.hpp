// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Many commands in one message, and many replies in one.

#pragma once

#include "resp.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace examples::kv {

/// Commands, in order. Their words lie end to end, with no vector or string for
/// each: so a message is made, sent and read by three copies of memory.
struct command_batch {
  std::vector<std::uint32_t> words; ///< how many each command has
  std::vector<std::uint32_t> sizes; ///< of each word
  std::string bytes;

  std::size_t size() const { return words.size(); }

  void add(command_view command) {
    words.push_back(static_cast<std::uint32_t>(command.size()));
    for (auto word : command) {
      sizes.push_back(static_cast<std::uint32_t>(word.size()));
      bytes += word;
    }
  }

  /// Calls `run(command_view)` with each.
  template <class Run>
  void for_each(Run run) const {
    std::vector<std::string_view> command;
    std::string_view rest{bytes};
    auto size = sizes.begin();
    for (auto count : words) {
      command.clear();
      for (std::uint32_t i = 0; i < count; ++i, ++size) {
        command.push_back(rest.substr(0, *size));
        rest.remove_prefix(*size);
      }
      run(command_view{command});
    }
  }
};

/// One reply, as the client gets it, to each command of a batch.
struct reply_batch {
  std::vector<std::uint32_t> sizes;
  std::string bytes;
  std::uint64_t keys = 0; ///< that the shard has by then
};

} // namespace examples::kv
