// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>

namespace examples::kv {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view no_integer =
    "ERR value is not an integer or out of range";

/// The time so many units from now on, unless no clock gets there.
template <class Unit>
std::optional<time_point> from_now(time_point now, std::int64_t count) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t unit = milliseconds{Unit{1}}.count();
  auto begin = now.time_since_epoch().count();
  if (count > (most - begin) / unit || count < -(most / unit))
    return std::nullopt;
  return now + milliseconds{count * unit};
}

void get(command_view command, store& data, std::string& reply) {
  if (auto found = data.find(command[1]))
    append_bulk(reply, found->value);
  else
    append_nil(reply);
}

void set(command_view command, store& data, std::string& reply) {
  std::optional<time_point> expires;
  bool if_new = false;
  bool if_there = false;
  for (std::size_t i = 3; i < command.size(); ++i) {
    auto option = command[i];
    if (is_command(option, "nx") && !if_there) {
      if_new = true;
    } else if (is_command(option, "xx") && !if_new) {
      if_there = true;
    } else if (bool in_seconds = is_command(option, "ex");
               (in_seconds || is_command(option, "px")) && !expires
               && i + 1 < command.size()) {
      auto count = to_integer(command[++i]);
      if (!count)
        return append_error(reply, no_integer);
      if (*count > 0)
        expires = in_seconds ? from_now<seconds>(data.time(), *count)
                             : from_now<milliseconds>(data.time(), *count);
      if (!expires)
        return append_error(reply, "ERR invalid expire time in 'set' command");
    } else {
      return append_error(reply, "ERR syntax error");
    }
  }
  if ((if_new || if_there) && (data.find(command[1]) != nullptr) != if_there)
    return append_nil(reply);
  data.set(command[1], command[2], expires);
  append_simple(reply, "OK");
}

void del(command_view command, store& data, std::string& reply) {
  append_integer(reply, data.erase(command[1]) ? 1 : 0);
}

void exists(command_view command, store& data, std::string& reply) {
  append_integer(reply, data.find(command[1]) ? 1 : 0);
}

void incr(command_view command, store& data, std::string& reply) {
  std::int64_t value = 0;
  std::optional<time_point> expires;
  if (auto found = data.find(command[1])) {
    auto old = to_integer(found->value);
    if (!old)
      return append_error(reply, no_integer);
    value = *old;
    expires = found->expires;
  }
  if (value == std::numeric_limits<std::int64_t>::max())
    return append_error(reply, "ERR increment or decrement would overflow");
  data.set(command[1], fmt::format_int{++value}.str(), expires);
  append_integer(reply, value);
}

void expire(command_view command, store& data, std::string& reply) {
  auto count = to_integer(command[2]);
  if (!count)
    return append_error(reply, no_integer);
  auto when = from_now<seconds>(data.time(), *count);
  if (!when)
    return append_error(reply, "ERR invalid expire time in 'expire' command");
  bool there =
      *count > 0 ? data.expire(command[1], *when) : data.erase(command[1]);
  append_integer(reply, there ? 1 : 0);
}

void ttl(command_view command, store& data, std::string& reply) {
  auto found = data.find(command[1]);
  if (!found)
    return append_integer(reply, -2);
  if (!found->expires)
    return append_integer(reply, -1);
  auto left = std::max(*found->expires - data.time(), milliseconds{0});
  append_integer(reply, (left.count() + 500) / 1000);
}

struct known_command {
  std::string_view name;
  std::size_t least; ///< arguments, with the name
  std::size_t most;
  void (*run)(command_view, store&, std::string&);
};

constexpr std::array known_commands{
    known_command{"get", 2, 2, get},
    known_command{"set", 3, 7, set},
    known_command{"incr", 2, 2, incr},
    known_command{"del", 2, 2, del},
    known_command{"exists", 2, 2, exists},
    known_command{"expire", 3, 3, expire},
    known_command{"ttl", 2, 2, ttl},
};

} // namespace

bool is_command(std::string_view given, std::string_view name) {
  return std::ranges::equal(given, name, {}, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
}

void run_command(command_view command, store& data, std::string& reply) {
  auto known =
      std::ranges::find_if(known_commands, [&](const known_command& one) {
        return is_command(command.front(), one.name);
      });
  if (known == known_commands.end())
    return append_error(reply, "ERR unknown command");
  if (command.size() < known->least || command.size() > known->most)
    return append_error(
        reply, fmt::format("ERR wrong number of arguments for '{}' command",
                           known->name));
  known->run(command, data, reply);
}

} // namespace examples::kv
