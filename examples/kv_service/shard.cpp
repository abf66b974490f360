// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "shard.hpp"

#include "commands.hpp"

#include <caf/error.hpp>
#include <caf/result.hpp>
#include <caf/sec.hpp>
#include <fmt/format.h>

#include <cstddef>
#include <exception>
#include <system_error>

namespace examples::kv {

namespace {

/// A few bytes of commands may ask for gigabytes of values; beyond this a batch
/// has no more of them.
constexpr std::size_t most_reply_bytes = std::size_t{256} << 20;

reply_batch run(const command_batch& commands, store& data) {
  reply_batch result;
  result.sizes.reserve(commands.size());
  data.advance_to(now());
  commands.for_each([&](command_view command) {
    auto begin = result.bytes.size();
    if (begin < most_reply_bytes)
      run_command(command, data, result.bytes);
    else
      append_error(result.bytes, "ERR too much asked for at once; try again");
    result.sizes.push_back(
        static_cast<std::uint32_t>(result.bytes.size() - begin));
  });
  return result;
}

/// What was read may have been changed by the same batch, so all commands of it
/// have failed.
reply_batch failure(const command_batch& commands, const char* why) {
  std::string reply;
  append_error(reply, fmt::format("ERR the log cannot be written: {}", why));
  reply_batch result;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    result.bytes += reply;
    result.sizes.push_back(static_cast<std::uint32_t>(reply.size()));
  }
  return result;
}

} // namespace

shard::behavior_type make_shard(shard::stateful_pointer<shard_state> self) {
  return {
      [self](const command_batch& commands) {
        auto& data = self->state.data.value();
        reply_batch result;
        try {
          result = run(commands, data);
          data.commit();
        } catch (const std::system_error& e) {
          result = failure(commands, e.what());
        }
        result.keys = data.size();
        return result;
      },
      [self](const store::options& how) -> caf::result<shard_report> {
        try {
          auto& data = self->state.data.emplace(how);
          const auto& found = data.recovered();
          return shard_report{data.size(), found.cut_bytes, found.cut_file};
        } catch (const std::exception& e) {
          return caf::make_error(caf::sec::runtime_error, e.what());
        }
      },
  };
}

} // namespace examples::kv
