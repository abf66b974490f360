// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// What children may use up, and what they find around them.

#include "child_setup.hpp"
#include "leak_check.hpp"
#include "process_fixture.hpp"
#include "sanitizer.hpp"

#include <ramet/async.hpp>
#include <ramet/error.hpp>
#include <ramet/pool.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>
#include <ramet/task_failure.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ramet::test {

namespace {

using namespace ramet::literals;
using ramet_test::expect_error;

using limits_test = process_fixture;

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Runs `answer` in a process that was set up so; its result.
template <class Answer>
auto ask_with(process_setup setup, Answer answer) {
  auto result = ramet::async({.setup = std::move(setup)}, answer).get();
  for (auto& one : active_children()) // it may be about to end
    one.join();
  return result;
}

void use_the_processor() {
  for (std::atomic<unsigned> i{0};;)
    i.fetch_add(1);
}

void use_it_and_stay() {
  std::signal(SIGXCPU, [](int) {});
  use_the_processor();
}

// To the last byte, and never given back, so that there is none for those who
// report it either.
void use_all_memory() {
  static void* kept = nullptr;
  for (std::size_t size = 1_MiB; size >= sizeof kept; size /= 2)
    while (void* more = std::malloc(size)) {
      std::memcpy(more, &kept, sizeof kept);
      kept = more;
    }
  kept = ::operator new(1_MiB);
}

std::size_t use_a_gigabyte() {
  return std::vector<char>(1_GiB).size();
}

TEST_F(limits_test, are_told_in_units_and_at_compile_time) {
  constexpr process_limits limits{.address_space = 512_MiB,
                                  .cpu_time = 2min,
                                  .open_files = 64,
                                  .core_size = 0};
  static_assert(limits.address_space == std::size_t{512} << 20);
  static_assert(limits.cpu_time == 120s);
  static_assert(1_GiB == 1024_MiB && 1_MiB == 1024_KiB);
  process_setup setup{.limits = limits,
                      .nice = 1,
                      .affinity = {0},
                      .working_directory = "/",
                      .environment = {.set = {{"A", "1"}}, .unset = {"B"}},
                      .standard_input = redirection::null()};
  EXPECT_EQ(setup.environment.set.at("A"), "1");
}

TEST_F(limits_test, are_in_force_in_the_child_only) {
  RAMET_SKIP_WITH_SANITIZER("addresses");
  auto of_child = ask_with(
      {.limits = {.address_space = 4_GiB,
                  .cpu_time = 100s,
                  .open_files = 77,
                  .core_size = 0}},
      [] {
        std::vector<std::uint64_t> all;
        for (int which : {RLIMIT_CPU, RLIMIT_NOFILE, RLIMIT_CORE, RLIMIT_AS}) {
          rlimit one{};
          ::getrlimit(static_cast<__rlimit_resource>(which), &one);
          all.push_back(one.rlim_cur);
          all.push_back(one.rlim_max);
        }
        return all;
      });
  EXPECT_EQ(of_child,
            (std::vector<std::uint64_t>{100, 101, 77, 77, 0, 0, 4_GiB, 4_GiB}));
  rlimit own{};
  ::getrlimit(RLIMIT_NOFILE, &own);
  EXPECT_NE(own.rlim_cur, 77U);
}

TEST_F(limits_test, of_the_address_space_stand_in_the_exception) {
  RAMET_SKIP_WITH_SANITIZER("addresses");
  process child{{.setup = {.limits = {.address_space = 512_MiB},
                           .standard_error = redirection::null()}},
                [] { use_a_gigabyte(); }};
  child.join();
  ASSERT_TRUE(child.exception());
  EXPECT_TRUE(child.exception()->is<std::bad_alloc>());
  EXPECT_TRUE(says(child.exception()->message,
                   "the address space of this process is limited to 512 MiB"))
      << child.exception()->message;
}

TEST_F(limits_test, of_the_address_space_are_told_though_no_memory_is_left) {
  RAMET_SKIP_WITH_SANITIZER("addresses");
  process child{{.setup = {.limits = {.address_space = 512_MiB},
                           .standard_error = redirection::null()}},
                use_all_memory};
  child.join();
  ASSERT_TRUE(child.exception()) << to_string(*child.status());
  EXPECT_TRUE(says(child.exception()->message, "limited to 512 MiB"))
      << child.exception()->message;
}

TEST_F(limits_test, of_the_address_space_stand_in_the_failures_of_tasks) {
  RAMET_SKIP_WITH_SANITIZER("addresses");
  process_setup setup{.limits = {.address_space = 512_MiB}};
  auto check = [](auto&& call) {
    try {
      call();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const task_failure& failure) {
      EXPECT_TRUE(failure.is<std::bad_alloc>());
      EXPECT_TRUE(says(failure.what(), "limited to 512 MiB")) << failure.what();
    }
  };
  check([&] { ask_with(setup, use_a_gigabyte); });
  pool workers{{.workers = 1, .setup = setup}};
  check([&] { workers.apply(use_a_gigabyte); });
  EXPECT_EQ(workers.apply([] { return 3; }), 3) << "it goes on";
}

TEST_F(limits_test, too_low_to_start_in_are_said_to_be) {
  RAMET_SKIP_WITH_SANITIZER("addresses");
  // From where the system cannot even load the program, to where some of its
  // libraries are.
  for (std::size_t size : {std::size_t{4096}, 1_MiB, 4_MiB, 10_MiB}) {
    process_options options{
        .name = "worker-1",
        .setup = {.limits = {.address_space = size, .core_size = 0},
                  .standard_error = redirection::null()}};
    try {
      process child{std::move(options), do_nothing};
      child.join();
      EXPECT_FALSE(child.status()->success());
      ASSERT_TRUE(child.exception()) << to_string(*child.status());
      EXPECT_TRUE(says(child.exception()->message,
                       "the address space of process 'worker-1' is limited to "
                           + detail::bytes_in_words(size)))
          << child.exception()->message;
    } catch (const error& refused) { // by exec
      for (auto* part : {"starting process 'worker-1': executing",
                         "the address space of process 'worker-1' is limited "
                         "to "})
        EXPECT_TRUE(says(refused.what(), part)) << refused.what();
    }
  }
  process child{{.setup = {.limits = {.open_files = 3},
                           .standard_error = redirection::null()}},
                do_nothing};
  child.join();
  ASSERT_TRUE(child.exception()) << to_string(*child.status());
  EXPECT_TRUE(says(child.exception()->message, "are limited to 3"))
      << child.exception()->message;
}

TEST_F(limits_test, of_any_size_let_a_child_run_or_say_why_not) {
  RAMET_SKIP_WITH_SANITIZER("addresses");
  int ran = 0;
  for (std::size_t size = 2_MiB; size <= 400_MiB; size += size / 7) {
    process child{{.setup = {.limits = {.address_space = size, .core_size = 0},
                             .standard_error = redirection::null()}},
                  do_nothing};
    child.join();
    ran += child.status()->success();
    EXPECT_TRUE(child.status()->success() || child.exception())
        << size << to_string(*child.status());
  }
  EXPECT_GT(ran, 0);
}

TEST_F(limits_test, of_processor_time_end_a_process_with_these_words) {
  process child{{.setup = {.limits = {.cpu_time = 1s, .core_size = 0}}},
                use_the_processor};
  child.join();
  auto status = *child.status();
  EXPECT_EQ(status.signal, SIGXCPU);
  EXPECT_EQ(status.cpu_time_limit, 1s);
  EXPECT_EQ(to_string(status), "killed by SIGXCPU (24), having used up its 1 s "
                               "of processor time");
}

TEST_F(limits_test, of_processor_time_hold_for_those_who_handle_the_signal) {
  process child{{.setup = {.limits = {.cpu_time = 1s, .core_size = 0}}},
                use_it_and_stay};
  child.join();
  auto status = *child.status();
  EXPECT_EQ(status.signal, SIGKILL);
  EXPECT_EQ(to_string(status), "killed by SIGKILL (9), having used up its 1 s "
                               "of processor time");
}

TEST_F(limits_test, are_not_the_reason_when_somebody_kills) {
  for (int signal : {SIGKILL, SIGXCPU}) {
    process child{{.setup = {.limits = {.cpu_time = 100s, .core_size = 0}}},
                  [](int signal) { ::raise(signal); },
                  signal};
    child.join();
    EXPECT_EQ(child.status()->signal, signal);
    EXPECT_FALSE(child.status()->cpu_time_limit);
  }
  EXPECT_EQ(to_string(exit_status{.code = {}, .signal = SIGXCPU}),
            "killed by SIGXCPU (24), which says that it used too much "
            "processor time");
}

TEST_F(limits_test, are_not_the_reason_when_it_is_over_for_another) {
  process child{{.setup = {.limits = {.cpu_time = 1s, .core_size = 0}}}, [] {
                  std::signal(SIGXCPU, [](int) { ::raise(SIGTERM); });
                  use_the_processor();
                }};
  child.join();
  EXPECT_EQ(child.status()->signal, SIGTERM);
  EXPECT_FALSE(child.status()->cpu_time_limit);
}

TEST_F(limits_test, of_processor_time_fail_the_task_of_a_pool_and_no_other) {
  pool workers{
      {.workers = 1, .setup = {.limits = {.cpu_time = 1s, .core_size = 0}}}};
  auto first = workers.submit(use_the_processor);
  auto second = workers.submit([] { return 2; });
  try {
    first.get();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const task_failure& failure) {
    EXPECT_TRUE(says(failure.what(), "having used up its 1 s of processor "
                                     "time while it ran it"))
        << failure.what();
    EXPECT_EQ(failure.status()->cpu_time_limit, 1s);
  }
  EXPECT_EQ(second.get(), 2);
}

TEST_F(limits_test, of_open_files_stand_in_errors) {
  RAMET_SKIP_WITH_SANITIZER("descriptors");
  auto text = ask_with({.limits = {.open_files = 40}}, [] {
    std::vector<int> all;
    for (int fd = ::dup(2); fd >= 0; fd = ::dup(2))
      all.push_back(fd);
    std::string result;
    try {
      process{do_nothing}.join();
    } catch (const error& problem) {
      if (problem.code() == errc::resource_exhausted)
        result = problem.what();
    }
    for (int fd : all)
      ::close(fd);
    return result;
  });
  EXPECT_TRUE(says(text, "this process may have 40 files open")) << text;
}

TEST_F(limits_test, that_are_higher_than_the_parents_own_are_refused) {
  RAMET_SKIP_WITH_SANITIZER("addresses");
  auto texts = ask_with(
      {.limits = {.address_space = 8_GiB, .cpu_time = 100s, .open_files = 60}},
      [] {
        // What lets root raise its limits.
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        std::array<__user_cap_data_struct, 2> none{};
        ::syscall(SYS_capset, &header, none.data());
        std::vector<std::string> texts;
        for (process_limits limits : {process_limits{.address_space = 9_GiB},
                                      process_limits{.cpu_time = 200s},
                                      process_limits{.open_files = 61}})
          try {
            process{{.name = "worker-1", .setup = {.limits = limits}},
                    do_nothing};
            texts.push_back("started");
          } catch (const error& problem) {
            texts.push_back(problem.what());
          }
        try {
          process{{.name = "worker-1", .setup = {.nice = -1}}, do_nothing};
        } catch (const error& problem) {
          texts.push_back(problem.what());
        }
        // As high as it may be, with no second more.
        process last{{.setup = {.limits = {.cpu_time = 101s}}}, do_nothing};
        last.join();
        texts.push_back(to_string(*last.status()));
        return texts;
      });
  ASSERT_EQ(texts.size(), 5U);
  EXPECT_EQ(texts.back(), "exited with 0");
  texts.pop_back();
  for (auto& text : texts)
    EXPECT_TRUE(says(text, "starting process 'worker-1': ")) << text;
  EXPECT_TRUE(says(texts[0], "limiting its address space to 9 GiB: Operation "
                             "not permitted (errno 1); this process itself may "
                             "have 8 GiB at most"))
      << texts[0];
  EXPECT_TRUE(says(texts[1], "limiting its processor time to 200 s: Operation "
                             "not permitted (errno 1); this process itself may "
                             "have 101 s at most"))
      << texts[1];
  EXPECT_TRUE(says(texts[2], "limiting its open files to 61")) << texts[2];
  EXPECT_TRUE(says(texts[3], "giving it a niceness of -1: Permission denied"))
      << texts[3];
}

TEST_F(limits_test, leave_room_for_the_same_limits_below) {
  RAMET_SKIP_WITH_SANITIZER("addresses");
  auto works = ask_with(
      {.limits = {.address_space = 8_GiB, .cpu_time = 100s, .open_files = 60}},
      [] {
        process one{{.setup = {.limits = {.address_space = 8_GiB,
                                          .cpu_time = 100s,
                                          .open_files = 60}}},
                    do_nothing};
        one.join();
        return one.status()->success();
      });
  EXPECT_TRUE(works);
}

TEST_F(limits_test, and_niceness_are_the_childs) {
  int own = ::getpriority(PRIO_PROCESS, 0);
  EXPECT_EQ(ask_with({.nice = own + 3},
                     [] { return ::getpriority(PRIO_PROCESS, 0); }),
            own + 3);
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), own);
  for (int wrong : {-21, 20})
    expect_error(errc::protocol, {"niceness", std::to_string(wrong), "-20"},
                 [&] {
                   process{{.setup = {.nice = wrong}}, do_nothing};
                 });
}

std::vector<unsigned> processors_of_this() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  std::vector<unsigned> result;
  for (unsigned i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &set))
      result.push_back(i);
  return result;
}

TEST_F(limits_test, and_processors_are_the_childs) {
  auto own = processors_of_this();
  for (unsigned one : own)
    EXPECT_EQ(ask_with({.affinity = {one}}, processors_of_this),
              std::vector{one});
  EXPECT_EQ(ask_with({.affinity = own}, processors_of_this), own);
  EXPECT_EQ(processors_of_this(), own);
  for (unsigned wrong : {1023U, 1024U, 4'000'000'000U})
    expect_error(errc::os_failure,
                 {"starting process 'worker-1'",
                  "on the processors 0, " + std::to_string(wrong),
                  "Invalid argument", "online are "},
                 [&] {
                   process{
                       {.name = "worker-1", .setup = {.affinity = {0, wrong}}},
                       do_nothing};
                 });
}

TEST_F(limits_test, and_the_working_directory_are_the_childs) {
  auto here = [] { return std::filesystem::current_path(); };
  auto own = here();
  EXPECT_EQ(ask_with({.working_directory = "/usr/bin"}, here), "/usr/bin");
  EXPECT_EQ(ask_with({.working_directory = ".."}, here), own.parent_path());
  EXPECT_EQ(here(), own);
  expect_error(errc::os_failure,
               {"starting process 'worker-1'", "'/nowhere/at/all'",
                "No such file", "name a directory"},
               [] {
                 process{{.name = "worker-1",
                          .setup = {.working_directory = "/nowhere/at/all"}},
                         do_nothing};
               });
  expect_error(errc::os_failure, {"'/dev/null'", "Not a directory"}, [] {
    process{{.setup = {.working_directory = "/dev/null"}}, do_nothing};
  });
}

TEST_F(limits_test, and_the_program_is_found_from_here_not_from_there) {
  auto own = std::filesystem::read_symlink("/proc/self/exe");
  auto relative = std::filesystem::relative(own);
  process child{{.executable = relative, .setup = {.working_directory = "/"}},
                do_nothing};
  child.join();
  EXPECT_TRUE(child.status()->success());
}

std::map<std::string, std::string> variables() {
  std::map<std::string, std::string> result;
  for (char** one = ::environ; one && *one; ++one) {
    std::string text{*one};
    auto end = text.find('=');
    result[text.substr(0, end)] = text.substr(end + 1);
  }
  return result;
}

TEST_F(limits_test, and_the_environment_are_the_childs) {
  ::setenv("RAMET_TEST_A", "old", 1);
  ::setenv("RAMET_TEST_B", "old", 1);
  ::setenv("RAMET_TEST_C", "old", 1);
  auto changed =
      ask_with({.environment = {.set = {{"RAMET_TEST_A", "new"},
                                        {"RAMET_TEST_D", "a=b"}},
                                .unset = {"RAMET_TEST_B", "RAMET_TEST_X"}}},
               variables);
  auto expected = variables();
  expected["RAMET_TEST_A"] = "new";
  expected["RAMET_TEST_D"] = "a=b";
  expected.erase("RAMET_TEST_B");
  EXPECT_EQ(changed, expected);
  EXPECT_EQ(variables()["RAMET_TEST_B"], "old");
  for (auto* name : {"RAMET_TEST_A", "RAMET_TEST_B", "RAMET_TEST_C"})
    ::unsetenv(name);
}

TEST_F(limits_test, and_the_environment_may_begin_empty) {
  std::map<std::string, std::string> set{{"LANG", "C"}};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  for (auto* name : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"})
    if (auto* value = std::getenv(name))
      set[name] = value;
#endif
  EXPECT_EQ(
      ask_with({.environment = {.set = set, .inherit = false}}, variables),
      set);
}

TEST_F(limits_test, and_the_environment_are_checked) {
  auto start = [](environment_changes changes) {
    return [changes] {
      process{{.setup = {.environment = changes}}, do_nothing};
    };
  };
  expect_error(errc::protocol, {"'A=B'", "without '='"},
               start({.set = {{"A=B", ""}}}));
  expect_error(errc::protocol, {"''"}, start({.unset = {""}}));
  expect_error(errc::protocol, {"RAMET_FAMILY", "ramet's own"},
               start({.set = {{"RAMET_FAMILY", "x"}}}));
  expect_error(errc::protocol, {"A", "NUL"},
               start({.set = {{"A", std::string{"a\0b", 3}}}}));
  expect_error(errc::protocol, {"A", "both"},
               start({.set = {{"A", "1"}}, .unset = {"A"}}));
}

TEST_F(limits_test, of_no_time_are_refused) {
  expect_error(errc::protocol, {"processor time", "0 s"}, [] {
    process{{.setup = {.limits = {.cpu_time = 0s}}}, do_nothing};
  });
}

TEST_F(limits_test, of_workers_that_cannot_be_fail_the_making_of_a_pool) {
  expect_error(errc::os_failure, {"/nowhere"}, [] {
    pool workers{{.workers = 2, .setup = {.working_directory = "/nowhere"}}};
    workers.apply([] { return 1; });
  });
}

TEST_F(limits_test, leave_nothing_when_many_starts_fail) {
  for (int i = 0; i < 100; ++i)
    EXPECT_THROW((process{{.setup = {.affinity = {1023},
                                     .standard_input = redirection::pipe(),
                                     .standard_output = redirection::null()}},
                          do_nothing}),
                 error);
}

TEST_F(limits_test, are_refused_by_name_where_a_method_has_none) {
  EXPECT_NO_THROW(detail::require_no_setup({}, start_method::thread, "one"));
  expect_error(errc::protocol,
               {"starting process 'one'", "start method 'thread'",
                "limits, environment, standard_error", "start_method::spawn"},
               [] {
                 detail::require_no_setup(
                     {.limits = {.open_files = 3},
                      .environment = {.inherit = false},
                      .standard_error = redirection::null()},
                     start_method::thread, "one");
               });
}

// As a start method does that forks.
TEST_F(limits_test, can_be_applied_in_a_fork) {
  process_setup wanted{.limits = {.open_files = 50},
                       .nice = ::getpriority(PRIO_PROCESS, 0) + 1,
                       .affinity = {processors_of_this().front()},
                       .working_directory = "/usr",
                       .environment = {.set = {{"A", "1"}}, .inherit = false},
                       .standard_output = redirection::pipe()};
  detail::child_setup setup{wanted, "forked"};
  auto pid = ::fork();
  if (pid == 0) {
    auto orders = setup.orders(); // could have come through a socket
    auto descriptors = setup.descriptors();
    auto failed = detail::setup_step::none;
    if (detail::apply_setup(orders, descriptors, failed) != 0)
      ::_exit(1);
    detail::apply_environment(wanted.environment);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    bool good =
        files.rlim_cur == 50 && ::getpriority(PRIO_PROCESS, 0) == *wanted.nice
        && processors_of_this() == wanted.affinity
        && std::filesystem::current_path() == "/usr"
        && variables() == std::map<std::string, std::string>{{"A", "1"}};
    good = good && ::write(STDOUT_FILENO, "good", 4) == 4;
    ::_exit(good ? 0 : 2);
  }
  auto pipes = setup.take_pipes();
  EXPECT_EQ(pipes->output.read(), "good");
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

} // namespace

} // namespace ramet::test
