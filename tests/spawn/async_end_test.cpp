// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "program.hpp"

#include <set>
#include <string>

namespace ramet::test {

namespace {

using async_end_test = process_fixture;

struct end_of_program {
  std::string printed;
  std::string errors;
  exit_status status;
};

end_of_program run(const std::string& what) {
  program one{{"async_program", what}};
  end_of_program result;
  result.printed = one.rest();
  result.errors = one.errors();
  result.status = one.status();
  return result;
}

std::string without_pid(std::string text) {
  auto pid = text.find(" (pid ");
  if (pid != std::string::npos)
    text.erase(pid, text.find(')', pid) + 1 - pid);
  return text;
}

TEST_F(async_end_test, waits_for_callbacks) {
  auto end = run("callback");
  EXPECT_EQ(end.status.code, 0);
  EXPECT_EQ(end.errors, "");
  for (auto line :
       {"called back with 0\n", "called back with 1\n", "called back with 2\n"})
    EXPECT_NE(end.printed.find(line), std::string::npos) << end.printed;
}

TEST_F(async_end_test, may_come_from_a_callback) {
  auto end = run("exit");
  EXPECT_EQ(end.status.code, 3);
  EXPECT_EQ(end.errors, "");
}

TEST_F(async_end_test, may_come_beside_a_pool) {
  // Whose keeper sees its workers go, and fails to start others.
  auto end = run("pool");
  EXPECT_EQ(end.status.code, 4);
  EXPECT_EQ(end.errors, "");
}

TEST_F(async_end_test, tells_of_failures_of_dropped_futures) {
  auto end = run("dropped");
  EXPECT_EQ(end.status.code, 0);
  EXPECT_EQ(without_pid(end.errors),
            "ramet: nobody looked at the failure of a future: async: process "
            "'worker-1' threw std::out_of_range: no such city\n");
}

TEST_F(async_end_test, tells_of_failures_of_static_futures) {
  auto end = run("static");
  EXPECT_EQ(end.status.code, 0);
  EXPECT_EQ(without_pid(end.errors),
            "ramet: nobody looked at the failure of a future: async: process "
            "'worker-1' threw std::out_of_range: no such city\n");
}

TEST_F(async_end_test, is_no_failure_of_daemons) {
  auto end = run("daemon");
  EXPECT_EQ(end.status.code, 0);
  EXPECT_EQ(end.errors, "");
}

} // namespace

} // namespace ramet::test
