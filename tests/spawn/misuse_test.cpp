// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "program.hpp"

#include <ramet/error.hpp>

#include <string>

namespace ramet::test {

namespace {

using misuse_test = process_fixture;

constexpr auto advice = "make `ramet::runtime rt{argc, argv};` the first line "
                        "of main()";

TEST_F(misuse_test, starting_without_a_runtime_says_what_to_do) {
  program run{{"no_runtime"}};
  EXPECT_EQ(run.status().code, 0);
  EXPECT_EQ(run.line(), "protocol");
  auto text = run.line();
  EXPECT_NE(text.find(advice), std::string::npos) << text;
  EXPECT_EQ(run.errors(), "");
}

TEST_F(misuse_test, starting_before_main_says_what_to_do) {
  program run{{"static_start"}};
  EXPECT_EQ(run.status().code, 0);
  auto text = run.rest();
  EXPECT_NE(text.find(advice), std::string::npos) << text;
  EXPECT_NE(text.find("static object"), std::string::npos) << text;
  EXPECT_NE(text.find("in time"), std::string::npos) << text;
  EXPECT_EQ(text.find("started"), std::string::npos) << text;
}

TEST_F(misuse_test, a_child_without_a_runtime_tells_both_sides) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  process child{{.executable = program_path("no_runtime")}, do_nothing};
  child.join();
  auto printed = testing::internal::GetCapturedStdout();
  auto errors = testing::internal::GetCapturedStderr();
  EXPECT_FALSE(child.status()->success());
  ASSERT_TRUE(child.exception());
  EXPECT_NE(child.exception()->message.find(
                "its main() ended without making a ramet::runtime"),
            std::string::npos)
      << child.exception()->message;
  EXPECT_NE(child.exception()->message.find("no_runtime"), std::string::npos);
  EXPECT_NE(printed.find("protocol"), std::string::npos) << printed;
  EXPECT_NE(errors.find("its main() ended without making a ramet::runtime"),
            std::string::npos)
      << errors;
  EXPECT_EQ(errors.find('\n'), errors.size() - 1) << errors;
}

TEST_F(misuse_test, a_child_that_is_no_ramet_program_tells_the_parent) {
  process child{{.executable = "/bin/true"}, do_nothing};
  child.join();
  EXPECT_EQ(child.status()->code, 0);
  ASSERT_TRUE(child.exception());
  EXPECT_NE(child.exception()->message.find("/bin/true"), std::string::npos);
}

TEST_F(misuse_test, a_child_of_another_build_tells_both_sides) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  process child{{.name = "stranger", .executable = program_path("other_build")},
                do_nothing};
  child.join();
  auto printed = testing::internal::GetCapturedStdout();
  auto errors = testing::internal::GetCapturedStderr();
  EXPECT_EQ(child.status()->code, 1);
  ASSERT_TRUE(child.exception());
  EXPECT_EQ(child.exception()->type, "ramet::error");
  EXPECT_EQ(child.exception()->message.find("child runs another build"), 0U)
      << child.exception()->message;
  EXPECT_EQ(printed, "");
  EXPECT_NE(errors.find("process 'stranger'"), std::string::npos) << errors;
  EXPECT_NE(errors.find("child runs another build"), std::string::npos);
  EXPECT_EQ(errors.find('\n'), errors.size() - 1) << errors;
}

TEST_F(misuse_test, a_program_between_parent_and_child_is_reported) {
  // A shell that starts the program and waits, instead of becoming it.
  auto script = std::filesystem::temp_directory_path()
                / ("ramet_test_" + std::to_string(::getpid()) + ".sh");
  auto text = "#!/bin/sh\n" + program_path("other_build") + "\nexit $?\n";
  {
    detail::unique_fd file{
        ::open(script.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0700)};
    EXPECT_EQ(::write(file.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }
  testing::internal::CaptureStderr();
  process child{{.executable = script}, do_nothing};
  child.join();
  auto errors = testing::internal::GetCapturedStderr();
  std::filesystem::remove(script);
  EXPECT_FALSE(child.status()->success());
  EXPECT_TRUE(child.exception());
  EXPECT_NE(errors.find("is not the expected child"), std::string::npos)
      << errors;
}

TEST_F(misuse_test, a_plain_fork_starts_nothing_and_ends_nobody) {
  process sleeper{[] {
    for (;;)
      ::pause();
  }};
  auto pid = ::fork();
  if (pid == 0) {
    try {
      process child{do_nothing};
      ::_exit(1);
    } catch (const error& refused) {
      if (std::string{refused.what()}.find("fork()") == std::string::npos)
        ::_exit(2);
    }
    std::exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(sleeper.running());
  sleeper.kill();
  sleeper.join();
  process{do_nothing}.join();
}

} // namespace

} // namespace ramet::test
