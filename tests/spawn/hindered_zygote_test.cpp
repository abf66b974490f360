// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// What a program is told whose zygote cannot do what it should.

#include "program.hpp"

#include <cstdlib>
#include <fstream>

namespace ramet::test {

namespace {

using hindered_zygote_test = process_fixture;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

TEST_F(hindered_zygote_test, is_made_anew_when_somebody_has_killed_it) {
  for (int signal : {SIGKILL, SIGTERM, SIGINT, SIGHUP}) {
    auto once = "/tmp/ramet-hindered-" + std::to_string(::getpid());
    std::ofstream{once}.put('1');
    program one{{"hindered_zygote", "killed once by", std::to_string(signal)},
                {"HINDERED_ONCE=" + once}};
    EXPECT_TRUE(contains(one.rest(), "early exited with 3\n")) << signal;
    EXPECT_FALSE(std::filesystem::exists(once));
  }
}

TEST_F(hindered_zygote_test, is_given_up_when_it_is_always_killed) {
  program one{{"hindered_zygote", "killed by", std::to_string(SIGKILL)}};
  auto text = one.rest();
  EXPECT_TRUE(contains(text, "child failed: starting process 'hindered' by "
                             "forkserver: 5 zygotes and 0 of their children"))
      << text;
  EXPECT_TRUE(contains(text, "nobody is left")) << text;
}

TEST_F(hindered_zygote_test, is_not_made_anew_when_it_dies_by_itself) {
  program one{{"hindered_zygote", "killed by", std::to_string(SIGABRT)}};
  auto text = one.rest();
  EXPECT_TRUE(contains(text, "protocol violated: starting process 'hindered'"))
      << text;
  EXPECT_TRUE(contains(text, "SIGABRT")) << text;
  EXPECT_TRUE(contains(text, "nobody is left")) << text;
}

// Nobody knows of what it has forked, but by what the system has noted.
TEST_F(hindered_zygote_test, leaves_no_child_that_it_has_not_told_of) {
  program one{{"hindered_zygote", "dies before it tells of a fork"}};
  auto text = one.rest();
  EXPECT_TRUE(contains(text, "SIGSYS")) << text;
  EXPECT_TRUE(contains(text, "nobody is left")) << text;
}

TEST_F(hindered_zygote_test, tells_why_it_cannot_fork) {
  program one{{"hindered_zygote", "cannot fork"}};
  auto text = one.rest();
  auto first = text.find("forking the zygote");
  ASSERT_NE(first, text.npos) << text;
  EXPECT_TRUE(contains(text, "resource exhausted")) << text;
  EXPECT_NE(text.find("forking the zygote", first + 1), text.npos)
      << "it did not try again: " << text;
}

TEST_F(hindered_zygote_test, says_what_main_has_said_before_it_only_once) {
  program one{{"hindered_zygote", "by nothing"}};
  auto text = one.rest();
  std::size_t times = 0;
  for (auto at = text.find("early"); at != text.npos;
       at = text.find("early", at + 1))
    ++times;
  EXPECT_EQ(times, 2U) << text; // the program and its zygote
  EXPECT_TRUE(contains(text, "exited with 3\n")) << text;
}

} // namespace

} // namespace ramet::test
