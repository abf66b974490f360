// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "process_fixture.hpp"

#include <ramet/error.hpp>
#include <ramet/queue.hpp>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace ramet::test {

namespace {

using uncaught_test = process_fixture;

struct outcome {
  exit_status status;
  std::optional<remote_exception> exception;
  std::string name;
  int pid;
  std::string printed;
};

template <class... Call>
outcome run(Call&&... call) {
  testing::internal::CaptureStderr();
  process child{std::forward<Call>(call)...};
  child.join();
  return {*child.status(), child.exception(), child.name(), child.pid(),
          testing::internal::GetCapturedStderr()};
}

// Not inlined, so that the backtrace has it.
__attribute__((noinline)) void look_up_city(const std::string& name) {
  if (!name.empty())
    throw std::runtime_error("no such city: " + name);
}

void travel(const std::string& name) {
  look_up_city(name);
  std::abort();
}

TEST_F(uncaught_test, reaches_stderr_and_the_parent) {
  auto result = run(process_options{.name = "worker-1"}, travel, "Atlantis");
  EXPECT_EQ(result.status.code, 1);
  ASSERT_TRUE(result.exception);
  EXPECT_EQ(result.exception->type, "std::runtime_error");
  EXPECT_EQ(result.exception->message, "no such city: Atlantis");
  EXPECT_EQ(result.exception->name, "worker-1");
  EXPECT_EQ(result.exception->pid, result.pid);
  EXPECT_EQ(result.printed,
            "ramet: process 'worker-1' (pid " + std::to_string(result.pid)
                + ") ended by an uncaught std::runtime_error: no such city: "
                  "Atlantis\n");
}

TEST_F(uncaught_test, says_where_it_was_thrown) {
  auto result = run(travel, "Atlantis");
  ASSERT_TRUE(result.exception);
  auto& backtrace = result.exception->backtrace;
  EXPECT_EQ(backtrace.find("#0 "), 0U) << backtrace;
  auto thrower = backtrace.find("look_up_city");
  auto caller = backtrace.find("travel");
  EXPECT_NE(thrower, std::string::npos) << backtrace;
  EXPECT_NE(caller, std::string::npos) << backtrace;
  EXPECT_LT(thrower, backtrace.find('\n')) << backtrace;
  EXPECT_LT(thrower, caller) << backtrace;
}

TEST_F(uncaught_test, may_be_no_std_exception) {
  auto result = run([] { throw 42; });
  EXPECT_EQ(result.status.code, 1);
  ASSERT_TRUE(result.exception);
  EXPECT_EQ(result.exception->type, "int");
  EXPECT_EQ(result.exception->message, "");
  EXPECT_NE(result.printed.find("ended by an uncaught int\n"),
            std::string::npos)
      << result.printed;
}

struct odd_weather : std::logic_error {
  using std::logic_error::logic_error;
};

TEST_F(uncaught_test, keeps_the_name_of_the_users_type) {
  auto result = run([] { throw odd_weather{std::string(5000, 'x')}; });
  ASSERT_TRUE(result.exception);
  EXPECT_NE(result.exception->type.find("odd_weather"), std::string::npos);
  EXPECT_GT(result.exception->message.size(), 1000U);
  EXPECT_LT(result.exception->message.size(), 5000U);
}

struct says_goodbye {
  queue<std::string> out;
  ~says_goodbye() { out.put("unwound"); }
};

TEST_F(uncaught_test, unwinds_the_stack) {
  queue<std::string> out;
  auto result = run(
      [](queue<std::string> to) {
        says_goodbye local{to};
        throw std::runtime_error("x");
      },
      out);
  EXPECT_TRUE(result.exception);
  EXPECT_EQ(out.try_get(), "unwound");
}

TEST_F(uncaught_test, does_not_leave_the_childs_children_behind) {
  queue<std::string> out;
  auto result = run(
      [](queue<std::string> to) {
        process{[](queue<std::string> to) { to.put("done"); }, to};
        throw std::runtime_error("x");
      },
      out);
  EXPECT_TRUE(result.exception);
  EXPECT_EQ(out.try_get(), "done");
}

TEST_F(uncaught_test, is_not_what_was_caught_before) {
  auto result = run([] {
    try {
      look_up_city("Atlantis");
    } catch (const std::exception&) {
    }
    throw std::out_of_range("the second");
  });
  ASSERT_TRUE(result.exception);
  EXPECT_EQ(result.exception->type, "std::out_of_range");
  EXPECT_EQ(result.exception->backtrace.find("look_up_city"),
            std::string::npos);
}

TEST_F(uncaught_test, is_none_when_the_child_was_killed) {
  auto result = run([] { std::abort(); });
  EXPECT_EQ(result.status.signal, SIGABRT);
  EXPECT_FALSE(result.exception);
}

TEST_F(uncaught_test, reads_well) {
  remote_exception example{"std::runtime_error", "no such city", "#0 f\n#1 g",
                           "worker-1", 123};
  EXPECT_EQ(to_string(example),
            "process 'worker-1' (pid 123) ended by an uncaught "
            "std::runtime_error: no such city\n#0 f\n#1 g");
}

} // namespace

} // namespace ramet::test
