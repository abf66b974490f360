// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Limits, surroundings and streams of children.

#include "every_start_method.hpp"
#include "sanitizer.hpp"

#include <ramet/error.hpp>
#include <ramet/process_setup.hpp>
#include <ramet/queue.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace ramet::test {

namespace {

using namespace ramet::literals;

class setup_conformance : public conformance {
protected:
  static process_options with(process_setup setup) {
    process_options result;
    result.start = method();
    result.setup = std::move(setup);
    return result;
  }
};
RAMET_BY_START_METHODS_WITH(setup_conformance, own_process);

struct surroundings {
  std::string directory;
  std::string added;
  bool removed = false;
  bool path = false;
  int nice = 0;
  std::uint64_t open_files = 0;
};

void look_around(queue<surroundings> out) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  auto* added = std::getenv("RAMET_TEST_ADDED");
  out.put({std::filesystem::current_path().string(), added ? added : "",
           std::getenv("RAMET_TEST_REMOVED") == nullptr,
           std::getenv("PATH") != nullptr, ::getpriority(PRIO_PROCESS, 0),
           files.rlim_cur});
}

TEST_P(setup_conformance, puts_a_child_where_it_is_asked_for) {
  ::setenv("RAMET_TEST_REMOVED", "1", 1);
  queue<surroundings> answers;
  process child{with({.limits = {.open_files = 77},
                      .nice = 5,
                      .working_directory = "/",
                      .environment = {.set = {{"RAMET_TEST_ADDED", "a = b"}},
                                      .unset = {"RAMET_TEST_REMOVED"}}}),
                look_around, answers};
  auto there = answers.get();
  child.join();
  ::unsetenv("RAMET_TEST_REMOVED");
  EXPECT_EQ(there.directory, "/");
  EXPECT_EQ(there.added, "a = b");
  EXPECT_TRUE(there.removed);
  EXPECT_TRUE(there.path);
  EXPECT_EQ(there.nice, 5);
  EXPECT_EQ(there.open_files, 77U);
  process other{with({}), look_around, answers};
  there = answers.get();
  other.join();
  EXPECT_EQ(there.directory, std::filesystem::current_path().string());
  EXPECT_EQ(there.added, "");
  EXPECT_EQ(there.nice, ::getpriority(PRIO_PROCESS, 0));
}

TEST_P(setup_conformance, gives_a_variable_another_value) {
  ::setenv("RAMET_TEST_ADDED", "before", 1);
  queue<surroundings> answers;
  process child{with({.environment = {.set = {{"RAMET_TEST_ADDED", "after"}}}}),
                look_around, answers};
  EXPECT_EQ(answers.get().added, "after");
  child.join();
  ::unsetenv("RAMET_TEST_ADDED");
}

TEST_P(setup_conformance, gives_it_an_environment_of_its_own) {
  queue<surroundings> answers;
  process child{with({.environment = {.set = {{"RAMET_TEST_ADDED", "x"}},
                                      .inherit = false}}),
                look_around, answers};
  auto there = answers.get();
  child.join();
  EXPECT_EQ(there.added, "x");
  EXPECT_FALSE(there.path);
}

TEST_P(setup_conformance, gives_it_an_environment_of_any_size) {
  environment_changes much;
  for (int i = 0; i < 10; ++i)
    much.set["RAMET_TEST_LARGE_" + std::to_string(i)] =
        std::string(100'000, 'x');
  queue<std::size_t> size;
  process child{with({.environment = much}),
                [](queue<std::size_t> size) {
                  std::size_t sum = 0;
                  for (int i = 0; i < 10; ++i)
                    sum += std::strlen(std::getenv(
                        ("RAMET_TEST_LARGE_" + std::to_string(i)).c_str()));
                  size.put(sum);
                },
                size};
  EXPECT_EQ(size.get(), 1'000'000U);
  child.join();
}

void answer_in_capitals() {
  std::string line;
  while (std::getline(std::cin, line)) {
    for (char& c : line)
      c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    std::cout << line << std::endl;
  }
  std::cerr << "that was all" << std::endl;
}

TEST_P(setup_conformance, leads_its_streams_to_pipes) {
  for (int round = 0; round < 3; ++round) {
    process child{with({.standard_input = redirection::pipe(),
                        .standard_output = redirection::pipe(),
                        .standard_error = redirection::pipe()}),
                  answer_in_capitals};
    child.standard_input().write("one\ntwo\n");
    child.standard_input().close();
    EXPECT_EQ(child.standard_output().read_all(), "ONE\nTWO\n");
    EXPECT_EQ(child.standard_error().read_all(), "that was all\n");
    child.join();
    EXPECT_TRUE(child.status()->success());
  }
}

// The descriptors of one must not keep the other's streams open.
TEST_P(setup_conformance, leads_the_streams_of_several_to_pipes_at_a_time) {
  auto setup = [] {
    return process_setup{.standard_input = redirection::pipe(),
                         .standard_output = redirection::pipe()};
  };
  process one{with(setup()), answer_in_capitals};
  process other{with(setup()), answer_in_capitals};
  one.standard_input().close();
  EXPECT_EQ(one.standard_output().read_all(), "");
  one.join();
  other.standard_input().write("last\n");
  other.standard_input().close();
  EXPECT_EQ(other.standard_output().read_all(), "LAST\n");
  other.join();
}

// Files that are opened for it would have the numbers of streams then.
void start_without_streams(start_method method, std::string input,
                           std::string output) {
  process{do_nothing}.join(); // what the library keeps open has other numbers
  for (int fd : {0, 1, 2})
    ::close(fd);
  process_options options;
  options.start = method;
  options.setup.standard_input = redirection::file(input);
  options.setup.standard_output = redirection::file(output);
  options.setup.standard_error = redirection::append(output);
  process child{options, answer_in_capitals};
  child.join();
  if (!child.status()->success())
    throw std::runtime_error{to_string(*child.status())};
}

TEST_P(setup_conformance, leads_its_streams_though_its_parent_has_none) {
  auto base = std::filesystem::temp_directory_path()
              / ("ramet-test-" + std::to_string(::getpid()));
  auto input = base.string() + ".in";
  auto output = base.string() + ".out";
  std::ofstream{input} << "one\ntwo\n";
  process child{start_without_streams, method(), input, output};
  child.join();
  EXPECT_FALSE(child.exception()) << child.exception()->message;
  std::stringstream found;
  found << std::ifstream{output}.rdbuf();
  EXPECT_EQ(found.str(), "ONE\nTWO\nthat was all\n");
  std::filesystem::remove(input);
  std::filesystem::remove(output);
}

constexpr auto nowhere = "/dev/null";

// Where the streams of children lead. `others`: there is something else with
// their numbers, and not to be inherited.
void show_streams(start_method method, queue<std::string> out, bool others) {
  process{do_nothing}.join(); // what the library keeps open has other numbers
  for (int fd = 0; fd < 3; ++fd)
    ::close(fd);
  for (int fd = 0; others && fd < 3; ++fd)
    if (::open("/dev/zero", O_RDONLY | O_CLOEXEC) != fd)
      throw std::runtime_error{"the stream was not closed"};
  for (int nice : {0, 1}) { // without a setup and with one
    process_options options{.start = method};
    if (nice != 0)
      options.setup.nice = nice;
    process{options,
            [](queue<std::string> out) {
              for (auto* stream : {"0", "1", "2"})
                out.put(std::filesystem::read_symlink(
                    std::string{"/proc/self/fd/"} + stream));
            },
            out}
        .join();
  }
}

TEST_P(setup_conformance, leads_streams_nowhere_that_its_parent_has_not) {
  for (bool others : {true, false}) {
    if (others && !traits().begins_anew)
      continue; // a fork has them as they are
    queue<std::string> out;
    process child{show_streams, method(), out, others};
    for (int i = 0; i < 6; ++i)
      EXPECT_EQ(out.get_for(20s), nowhere);
    child.join();
    EXPECT_TRUE(child.status()->success());
  }
}

TEST_P(setup_conformance, limits_its_processor_time) {
  process child{with({.limits = {.cpu_time = 1s, .core_size = 0}}), [] {
                  for (volatile unsigned long i = 0;; i = i + 1) {
                  }
                }};
  child.join();
  EXPECT_EQ(child.status()->signal, SIGXCPU);
  EXPECT_NE(to_string(*child.status()).find("processor time"),
            std::string::npos)
      << to_string(*child.status());
}

TEST_P(setup_conformance, limits_its_address_space) {
  RAMET_SKIP_WITH_SANITIZER("addresses");
  process child{with({.limits = {.address_space = 400_MiB}}),
                [] { std::vector<char> large(1UL << 30); }};
  child.join();
  ASSERT_TRUE(child.exception());
  EXPECT_NE(child.exception()->message.find("400 MiB"), std::string::npos)
      << child.exception()->message;
}

TEST_P(setup_conformance, leaves_no_child_where_it_cannot_be) {
  auto refused = [](process_setup setup) {
    try {
      process child{with(std::move(setup)), do_nothing};
      ADD_FAILURE() << "nothing was thrown";
    } catch (const error& problem) {
      return std::string{problem.what()};
    }
    return std::string{};
  };
  EXPECT_NE(
      refused({.working_directory = "/no/such/place"}).find("/no/such/place"),
      std::string::npos);
  EXPECT_NE(refused({.affinity = {1'000}}).find("1000"), std::string::npos);
  // Known only where it is applied.
  EXPECT_NE(refused({.limits = {.open_files = std::size_t{1} << 40}}),
            std::string{});
  process child{with({.nice = 3}), do_nothing};
  child.join();
  EXPECT_TRUE(child.status()->success());
}

TEST(setup_of_a_thread, is_refused) {
  process_options options;
  options.start = start_method::thread;
  options.setup.nice = 1;
  try {
    process child{options, do_nothing};
    ADD_FAILURE() << "nothing was thrown";
  } catch (const error& problem) {
    EXPECT_EQ(problem.code(), errc::protocol);
    EXPECT_NE(std::string{problem.what()}.find("nice"), std::string::npos);
  }
}

} // namespace

} // namespace ramet::test
