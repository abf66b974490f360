// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Descriptors that a process sends which nobody waits for.

#pragma once

#include "process_fixture.hpp"

#include <ramet/handle.hpp>
#include <ramet/queue.hpp>
#include <ramet/wait.hpp>

#include <sys/eventfd.h>
#include <unistd.h>

namespace ramet::test {

using handles = queue<handle>;

inline handle with_value(unsigned value) {
  return handle::adopt(::eventfd(value, EFD_CLOEXEC));
}

inline eventfd_t value_of(const handle& one) {
  eventfd_t value = 0;
  ::eventfd_read(one.native_handle(), &value);
  return value;
}

inline void send_nine(handles to) {
  to.put(with_value(9));
}

/// They come though it keeps them itself, and those of its children, too.
inline void expect_kept_by_detached(start_method method) {
  for (bool own : {true, false}) {
    handles post;
    queue<int> go;
    queue<int> pid;
    auto work = [](handles to, queue<int> wait_for, queue<int> tell, bool own) {
      wait_for.get();
      if (own)
        send_nine(to);
      else
        process{send_nine, to}.join();
      tell.put(::getpid());
      wait_for.get();
    };
    process child{{.start = method}, work, post, go, pid, own};
    auto status = child.sentinel();
    auto waited = handle::duplicate(status);
    child.detach();
    go.put(1);
    pid.get();
    EXPECT_EQ(value_of(post.get()), 9U);
    go.put(2);
    ramet::wait(waited);
  }
}

} // namespace ramet::test
