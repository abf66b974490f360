// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The commands on one key, as a shard runs them.

#pragma once

#include "resp.hpp"
#include "store.hpp"

#include <string>
#include <string_view>

namespace examples::kv {

/// Whether the name of a command is `name`, which is in lower case.
bool is_command(std::string_view given, std::string_view name);

/// Runs GET, SET, DEL, EXISTS, INCR, EXPIRE or TTL, each with one key, and
/// appends its reply. Whatever else it is given, the reply is an error.
/// Changes are not committed.
void run_command(command_view command, store& data, std::string& reply);

} // namespace examples::kv
