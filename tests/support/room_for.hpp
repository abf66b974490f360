// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A process that runs out of descriptors.

#pragma once

#include <cstddef>

#include <sys/resource.h>
#include <unistd.h>

namespace ramet_test {

/// Lets this process open only so many descriptors more.
class room_for {
public:
  explicit room_for(std::size_t more) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    auto tight = before_;
    // Descriptors are given out from the lowest.
    int next = ::dup(0);
    ::close(next);
    tight.rlim_cur = static_cast<rlim_t>(next) + more;
    ::setrlimit(RLIMIT_NOFILE, &tight);
  }
  ~room_for() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
  rlimit before_{};
};

} // namespace ramet_test
