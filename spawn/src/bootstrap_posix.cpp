// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "bootstrap.hpp"

#include "ending.hpp"
#include "os_posix.hpp"
#include "pidfd_linux.hpp"
#include "self.hpp"
#include "start_message.hpp"
#include "uncaught.hpp"
#include "watcher.hpp"

#include <ramet/detail/mailbox.hpp>
#include <ramet/error.hpp>

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string_view>

#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

constexpr auto family_variable = "RAMET_FAMILY";
constexpr auto parent_variable = "RAMET_PARENT";
constexpr std::chrono::seconds last_moment{1};
constexpr std::chrono::milliseconds dying_moment{200};

void say(std::string_view text) {
  auto line = fmt::format("ramet: {}\n", text);
  [[maybe_unused]] auto written =
      ::write(STDERR_FILENO, line.data(), line.size());
}

[[noreturn]] void exit_quietly() {
  ::_exit(EXIT_FAILURE);
}

int parent_in_environment() {
  const char* text = std::getenv(parent_variable);
  int pid = 0;
  if (text)
    std::from_chars(text, text + std::strlen(text), pid);
  return pid;
}

// In a launched program: has seen that at its start, and looks at its end
// whether main() has made a runtime.
class runtime_expected {
public:
  runtime_expected()
      : pid_(family::was_spawned() && parent_in_environment() == ::getppid()
                 ? ::getpid()
                 : 0) {}
  ~runtime_expected() {
    if (pid_ == 0 || pid_ != ::getpid()
        || self::mine().phase.load() != runtime_phase::none)
      return;
    say(fmt::format("process (pid {}): its main() ended without making a "
                    "ramet::runtime, so the function that its parent sent did "
                    "not run; make `ramet::runtime rt{{argc, argv}};` the "
                    "first line of main()",
                    pid_));
    std::fflush(nullptr);
    exit_quietly(); // not with main's status: nothing succeeded
  }
  runtime_expected(const runtime_expected&) = delete;
  runtime_expected& operator=(const runtime_expected&) = delete;

private:
  int pid_;
};

const runtime_expected expectation;

[[noreturn]] void exit_with_message(std::string_view text) {
  self::mine().phase.store(runtime_phase::ended); // it has been told
  say(text);
  std::exit(EXIT_FAILURE);
}

// Dead already if `ended`.
std::shared_ptr<parent_state> find_parent(bool& ended) {
  auto result = std::make_shared<parent_state>();
  result->pid = parent_in_environment();
  result->pidfd = result->pid > 0 ? open_pidfd(result->pid) : unique_fd{};
  ended = !result->pidfd || wait_for_end(result->pidfd.get(), deadline::now());
  // Compared after opening: the pid may have gone to somebody else before.
  if (!ended && ::getppid() != result->pid) {
    // A dying parent gives its children away a moment before its pidfd tells;
    // long before, if it has much memory or gets no core.
    ended = wait_for_end(result->pidfd.get(), is_exiting(result->pid)
                                                  ? deadline::never()
                                                  : deadline::in(dying_moment));
    if (ended)
      return result;
    exit_with_message(fmt::format(
        "process (pid {}): a ramet process with pid {} has started something "
        "that started this program, which therefore finds {} in its "
        "environment but is not the expected child; let "
        "process_options::executable name the program itself, or unset that "
        "variable",
        ::getpid(), result->pid, family_variable));
  }
  if (!result->pidfd) // in its place, what is as readable as the ended parent
    result->pidfd = unique_fd{
        checked([] { return ::eventfd(1, EFD_CLOEXEC); },
                [] { return "making a sentinel of the ended parent"; })};
  return result;
}

// Becomes the process that the parent has admitted, or leaves.
void join_family(const parent_state& parent, bool parent_ended) {
  try {
    auto& members = family::mine();
    auto& entry = members.entry(members.slot());
    if (parent_ended && entry.detached.load() == 0) {
      members.leave();
      exit_quietly();
    }
    entry.pid.store(::getpid());
  } catch (const error& problem) {
    // The family's directory goes a moment before its last member.
    if (wait_for_end(parent.pidfd.get(), deadline::in(last_moment)))
      exit_quietly();
    exit_with_message(problem.what());
  }
}

std::unique_ptr<job> receive_job() {
  auto& me = self::mine();
  auto inbox = mailbox::open(
      {family::mine().own_page().inbox.load(), object_kind::mailbox});
  std::unique_ptr<job> result;
  auto status = inbox.take(
      [&](const incoming& message) {
        auto header = read_start_header(message);
        me.identity = read_field(header.identity);
        me.daemon = header.daemon != 0;
        me.parent->name = read_field(header.parent_name);
        me.phase.store(runtime_phase::live);
        result = read_start_job(header, message);
        return verdict::consume;
      },
      deadline::now()); // put there before the launch
  if (status != take_status::done)
    throw error(errc::protocol, "receiving the function to run: the mailbox "
                                "holds no message");
  return result;
}

} // namespace

std::string own_program() {
  return "/proc/self/exe";
}

std::vector<std::string> environment_of_child(const family::admission& place) {
  return {fmt::format("{}={}", family_variable, family::mine().passport(place)),
          fmt::format("{}={}", parent_variable, ::getpid())};
}

void flush_streams() {
  std::cout.flush();
  std::clog.flush();
  std::fflush(nullptr);
}

void set_environment_of_child(const std::string& passport, int parent) {
  ::setenv(family_variable, passport.c_str(), 1);
  ::setenv(parent_variable, fmt::format("{}", parent).c_str(), 1);
}

// ps and top would show "exe", after the path that was executed.
void restore_short_name() {
  auto& argv0 = self::mine().argv0;
  auto slash = argv0.rfind('/');
  ::prctl(PR_SET_NAME,
          argv0.c_str() + (slash == std::string::npos ? 0 : slash + 1));
}

bool launched_by_parent() {
  return family::was_spawned();
}

void run_as_child(origin from) {
  auto& me = self::mine();
  bool parent_ended = false;
  open_missing_streams(); // before anything else gets their numbers
  me.parent = find_parent(parent_ended);
  join_family(*me.parent, parent_ended);
  // Programs that this one starts by other means are no children of the family.
  ::unsetenv(family_variable);
  ::unsetenv(parent_variable);
  if (from == origin::launched)
    end_runtime_at_exit(); // forks have that from their original
  auto& page = family::mine().own_page();
  me.name = read_field(page.name);
  restore_short_name();
  std::unique_ptr<job> work;
  bool done = report_uncaught("could not begin, because of", [&] {
    watcher::mine().watch_parent(me.parent->pidfd.get());
    work = receive_job();
    page.phase.store(process_phase::running);
  });
  done =
      done && report_uncaught("ended by an uncaught", [&] {
        work->run();
        work.reset(); // its handles let go before others hear that it returned
      });
  if (done)
    page.phase.store(process_phase::returned);
  auto code = done ? EXIT_SUCCESS : EXIT_FAILURE;
  if (from == origin::launched)
    std::exit(code);
  end_runtime();
  flush_streams();
  ::_exit(code);
}

} // namespace ramet::detail
