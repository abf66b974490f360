// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Functions of ours among what the scheduler runs.

#pragma once

#include "caf_compat.hpp"

#include <caf/ref_counted.hpp>
#include <caf/resumable.hpp>

#include <cstddef>
#include <utility>

namespace ramet::detail {

/// Calls `work(executor)`, once.
template <class Work>
class function_job final : public caf::resumable, public caf::ref_counted {
public:
  explicit function_job(Work work) : work_(std::move(work)) {}

  subtype_t subtype() const override { return function_object; }
  void intrusive_ptr_add_ref_impl() override { ref(); }
  void intrusive_ptr_release_impl() override { deref(); }
  resume_result resume(caf_compat::executor* by, std::size_t) override {
    work_(*by);
    return done;
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
