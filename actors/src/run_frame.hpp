// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The call in a `run` frame: which function, and its arguments.

#pragma once

#include <ramet/detail/code_address.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/remote_spawn.hpp>
#include <ramet/detail/size_counter.hpp>
#include <ramet/detail/writer.hpp>

#include <memory>

namespace ramet::detail {

struct run_body {
  code_address entry;
  const outgoing& call;

  void count(size_counter& out) const;
  void save(writer& out) const;
};

/// @throws error protocol, child_failed (another build)
std::unique_ptr<spawn_job> load_run(reader& in, const incoming& message);

} // namespace ramet::detail
