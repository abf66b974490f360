// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// The end of a program with children that are threads.

#include "program.hpp"

#include <string>

namespace ramet::test {

namespace {

using thread_end_test = process_fixture;

struct end_of_program {
  std::string printed;
  std::string errors;
  exit_status status;
};

// That nobody is left, ~program() sees.
end_of_program run(const std::string& what) {
  program one{{"thread_program", what}};
  end_of_program result;
  result.printed = one.rest();
  result.errors = one.errors();
  result.status = one.status();
  return result;
}

TEST_F(thread_end_test, comes_with_exit_in_any_of_them) {
  auto end = run("exit");
  EXPECT_EQ(end.status.code, 7);
  EXPECT_EQ(end.printed, "");
  EXPECT_EQ(end.errors, "");
}

TEST_F(thread_end_test, waits_for_them_and_for_what_they_start_meanwhile) {
  auto end = run("late");
  EXPECT_EQ(end.status.code, 0);
  EXPECT_NE(end.printed.find("a process of Process-1\n"), std::string::npos)
      << end.printed;
  EXPECT_NE(end.printed.find("a thread of Process-1\n"), std::string::npos)
      << end.printed;
  EXPECT_EQ(end.errors, "");
}

TEST_F(thread_end_test, neither_waits_for_daemons_nor_fails_of_them) {
  auto end = run("daemon");
  EXPECT_EQ(end.status.code, 0);
  EXPECT_EQ(end.printed, "returns\n");
  EXPECT_EQ(end.errors, "");
}

TEST_F(thread_end_test, does_not_wait_for_those_that_are_detached) {
  auto end = run("detached");
  EXPECT_EQ(end.status.code, 0);
  EXPECT_EQ(end.errors, "");
}

TEST_F(thread_end_test, ends_the_processes_of_daemons) {
  auto end = run("process of a daemon");
  EXPECT_EQ(end.status.code, 0);
  EXPECT_NE(end.printed.find("sleeper "), std::string::npos);
  EXPECT_EQ(end.errors, "");
}

TEST_F(thread_end_test, ends_the_daemons_of_one_that_exits) {
  auto end = run("process of one that exits");
  EXPECT_EQ(end.status.code, 3);
  EXPECT_NE(end.printed.find("sleeper "), std::string::npos);
  EXPECT_EQ(end.errors, "");
}

TEST_F(thread_end_test, is_not_held_up_by_a_pool_at_work) {
  auto end = run("pool");
  EXPECT_EQ(end.status.code, 0);
  EXPECT_NE(end.printed.find("sleeper "), std::string::npos);
}

} // namespace

} // namespace ramet::test
