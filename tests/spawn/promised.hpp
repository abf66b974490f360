// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Futures that a test completes by hand. Who does it in a thread that the test
/// does not join, keeps the state alive: the waiter may be gone before
/// complete() returns.

#pragma once

#include <ramet/error.hpp>
#include <ramet/future.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ramet::test {

template <class R>
struct promised {
  std::shared_ptr<detail::future_state<R>> state =
      std::make_shared<detail::future_state<R>>();
  future<R> result = detail::make_future(state);
};

template <class R>
std::vector<future<R>> results_of(std::vector<promised<R>>& all) {
  std::vector<future<R>> result;
  for (auto& one : all)
    result.push_back(std::move(one.result));
  return result;
}

template <class Call>
errc code_of(Call call) {
  try {
    call();
  } catch (const error& e) {
    return static_cast<errc>(e.code().value());
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

template <class Call>
std::string printed_by(Call call) {
  testing::internal::CaptureStderr();
  call();
  return testing::internal::GetCapturedStderr();
}

} // namespace ramet::test
