// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Functions of ours among what the scheduler runs.

#pragma once

#include <ramet/detail/caf_compat.hpp>

#include <caf/resumable.hpp>

#include <utility>

namespace ramet::detail {

/// Calls `work(executor)`, once.
template <class Work>
class function_job final : public caf_compat::own_job<function_job<Work>> {
public:
  explicit function_job(Work work) : work_(std::move(work)) {}

  bool run(caf_compat::executor* by) {
    work_(*by);
    return true;
  }

private:
  Work work_;
};

/// Belongs to the executor or scheduler that it is given to.
template <class Work>
caf::resumable* make_job(Work work) {
  return new function_job<Work>{std::move(work)};
}

} // namespace ramet::detail
