// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The conformance suite: each of its tests runs by every start method, and
/// means the same by each.

#pragma once

#include "process_fixture.hpp"

#include <ramet/process.hpp>
#include <ramet/start_method.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace ramet::test {

/// The start methods that there are. The one list of them in the suite.
inline constexpr start_method every_start_method[] = {
    start_method::spawn,
    start_method::forkserver,
#if !defined(__SANITIZE_THREAD__) // whose own thread a fork would lack
    start_method::fork,
#endif
    start_method::thread,
};

/// How start methods differ, and will. All else is the same. The guide has this
/// table, too: "Start methods".
struct start_method_traits {
  /// It has a pid of its own, and its own memory: no variable is shared.
  /// std::exit() ends it alone.
  bool own_process;
  /// terminate(), kill() and interrupt() end it; and so do the timeout of a
  /// pool's task and cancelling one that runs.
  bool can_be_ended;
  /// It can be started while this process has other threads, as those of a
  /// pool, of futures or of actors.
  bool beside_threads;
  /// It has not what its parent had set for itself.
  bool begins_anew;
};

constexpr start_method_traits traits_of(start_method method) {
  switch (method) {
  case start_method::spawn:
  case start_method::forkserver:
    return {true, true, true, true};
  case start_method::fork:
    return {true, true, false, false};
  case start_method::thread:
    return {false, false, true, false};
  }
  return {};
}

/// The fixture: processes, pools, futures and nodes are started by the method
/// under test, unless told otherwise. A test gives `method()` on to children
/// that start some themselves, as those begin with a default of their own.
class conformance : public process_fixture,
                    public testing::WithParamInterface<start_method> {
protected:
  void SetUp() override {
    set_default_start_method(method());
    process{do_nothing}.join(); // what is made once and kept, is made now
    process_fixture::SetUp();
  }
  void TearDown() override {
    process_fixture::TearDown();
    set_default_start_method(start_method::spawn);
  }

  static start_method method() { return GetParam(); }
  static start_method_traits traits() { return traits_of(GetParam()); }

  /// By which a child may start some: one that is a thread has another beside
  /// it.
  static std::vector<start_method> methods_of_children() {
    std::vector<start_method> result;
    for (auto each : every_start_method)
      if (traits().own_process || traits_of(each).beside_threads)
        result.push_back(each);
    return result;
  }

  /// A child by the method under test.
  template <class F, class... Args>
  static process start(F&& f, Args&&... args) {
    return process{
        {.start = method()}, std::forward<F>(f), std::forward<Args>(args)...};
  }
};

/// Those that have a trait.
inline std::vector<start_method>
start_methods_with(bool start_method_traits::*trait) {
  std::vector<start_method> result;
  for (auto method : every_start_method)
    if (traits_of(method).*trait)
      result.push_back(method);
  return result;
}

/// Once in each file, for its own fixture: makes each TEST_P a test by every
/// start method, called SUITE/test/spawn and so on.
#define RAMET_BY_EVERY_START_METHOD(SUITE)                                     \
  INSTANTIATE_TEST_SUITE_P(                                                    \
      conformance, SUITE, testing::ValuesIn(every_start_method),               \
      [](const auto& info) { return std::string{to_string(info.param)}; })

/// The same, where a difference rules some start methods out.
#define RAMET_BY_START_METHODS_WITH(SUITE, TRAIT)                              \
  INSTANTIATE_TEST_SUITE_P(                                                    \
      conformance, SUITE,                                                      \
      testing::ValuesIn(start_methods_with(&start_method_traits::TRAIT)),      \
      [](const auto& info) { return std::string{to_string(info.param)}; })

} // namespace ramet::test
