// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What this process and its children write to the standard output.

#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <iostream>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace ramet::test {

/// What is written while `call` runs. Waits until no other process has the
/// stream any more that its children got.
template <class Call>
std::string printed_by(Call call) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  std::fflush(stdout);
  int before = ::dup(STDOUT_FILENO);
  ::dup2(ends[1], STDOUT_FILENO);
  call();
  std::cout.flush();
  std::fflush(stdout);
  ::dup2(before, STDOUT_FILENO);
  ::close(before);
  ::close(ends[1]);
  std::string text;
  char c = 0;
  while (::read(ends[0], &c, 1) == 1)
    text += c;
  ::close(ends[0]);
  return text;
}

} // namespace ramet::test
