// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What tests of pools have in common.

#pragma once

#include "process_fixture.hpp"

#include <ramet/error.hpp>
#include <ramet/pool.hpp>
#include <ramet/queue.hpp>

#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

namespace ramet::test {

class pool_fixture : public process_fixture {
protected:
  void SetUp() override {
    process_fixture::SetUp();
    pool{1}.apply(own_pid); // what a process keeps for pools, is made now
  }
  static int own_pid() { return ::getpid(); }
};

inline int pid_of_worker() {
  return ::getpid();
}
inline int twice(int x) {
  return 2 * x;
}
inline int die_at(int victim, int x) {
  if (x == victim)
    ::raise(SIGKILL);
  return x;
}
[[noreturn]] inline void run_for_ever() {
  for (;;)
    ::pause();
}
/// Says that it runs, then does for ever.
inline void announce_and_run(queue<int> begun) {
  begun.put(::getpid());
  run_for_ever();
}

/// The failure of a future that must fail with `code`; a task_failure, an error
/// or nothing if that was not thrown.
template <class R>
std::optional<error> failure_of(future<R>& result, errc code) {
  try {
    if (!result.wait_for(20s)) {
      ADD_FAILURE() << "nothing has come of it";
      return std::nullopt;
    }
    static_cast<void>(result.get());
  } catch (const error& problem) {
    EXPECT_EQ(problem.code(), code) << problem.what();
    return problem;
  }
  ADD_FAILURE() << "nothing was thrown";
  return std::nullopt;
}

template <class Action>
std::optional<task_failure> task_failure_of(Action action) {
  try {
    static_cast<void>(action());
  } catch (const task_failure& problem) {
    return problem;
  }
  ADD_FAILURE() << "no task_failure was thrown";
  return std::nullopt;
}

inline bool says(const error& problem, std::string_view part) {
  return std::string_view{problem.what()}.find(part) != std::string_view::npos;
}

/// The pids of the workers that are there.
inline std::vector<int> pids_of(const pool& of) {
  std::vector<int> result;
  for (auto& one : of.stats().workers)
    if (one.pid != 0)
      result.push_back(one.pid);
  return result;
}

inline std::size_t restarts_of(const pool& of) {
  std::size_t result = 0;
  for (auto& one : of.stats().workers)
    result += one.restarts;
  return result;
}

} // namespace ramet::test
