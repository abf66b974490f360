// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a worker process of a pool runs.

#pragma once

#include <ramet/detail/launch.hpp>
#include <ramet/detail/message.hpp>

#include <memory>

namespace ramet::detail {

/// A job_entry: makes the worker out of its start message; see worker_header.
std::unique_ptr<job> make_worker(const incoming& message);

} // namespace ramet::detail
