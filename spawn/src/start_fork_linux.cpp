// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// See docs/adr/0014-forked-children.md.

#include "bootstrap.hpp"
#include "byte_end_posix.hpp"
#include "children.hpp"
#include "first_child.hpp"
#include "fork.hpp"
#include "interrupt_posix.hpp"
#include "newcomer.hpp"
#include "pidfd_linux.hpp"
#include "self.hpp"
#include "starter.hpp"
#include "threads_posix.hpp"
#include "watcher.hpp"
#include "zygote.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

// A thread that was joined may be seen a moment longer.
constexpr std::chrono::milliseconds moment_to_end{100};

// "'ramet-callbacks', 'worker'": all but this thread and `watching`.
std::string other_threads(int watching) {
  std::string result;
  std::error_code failed;
  std::filesystem::directory_iterator all{"/proc/self/task", failed};
  for (; all != std::filesystem::directory_iterator{}; all.increment(failed)) {
    auto& entry = *all;
    auto id = std::atoi(entry.path().filename().c_str());
    if (id == ::gettid() || id == watching)
      continue;
    std::string name;
    std::getline(std::ifstream{entry.path() / "comm"}, name);
    if (!result.empty())
      result += ", ";
    result += fmt::format("'{}'", name);
  }
  if (failed)
    throw_os_error(failed.value(), "looking for other threads of this process");
  return result;
}

void require_no_other_threads(const std::string& name, int watching) {
  auto until = std::chrono::steady_clock::now() + moment_to_end;
  std::string found;
  while (!(found = other_threads(watching)).empty()) {
    if (std::chrono::steady_clock::now() < until) {
      ::sched_yield();
      continue;
    }
    throw error(
        errc::protocol,
        fmt::format("starting process '{}' by fork: other threads run in this "
                    "process ({}), which the child would lack, with all that "
                    "they have locked; threads named ramet-... serve pools, "
                    "callbacks, handles and actors: fork before there are any, "
                    "or use start_method::forkserver or spawn",
                    name, found));
  }
}

struct one_way_pipe {
  one_way_pipe() {
    int ends[2];
    checked([&] { return ::pipe2(ends, O_CLOEXEC); },
            [] { return "making a pipe to a child"; });
    inner = unique_fd{ends[0]};
    outer = unique_fd{ends[1]};
  }

  unique_fd inner; // to read from
  unique_fd outer;
};

struct gate : one_way_pipe {
  // In the child: until the parent has opened it, or is dead.
  void pass() {
    outer.reset();
    char nothing = 0;
    [[maybe_unused]] auto size =
        retried([&] { return ::read(inner.get(), &nothing, 1); });
    inner.reset();
  }
};

// In the child. Returns if all is as it was asked for.
void set_up(const child_setup& setup, one_way_pipe& answers) {
  apply_environment(setup.environment());
  setup_answer answer;
  answer.error_number =
      apply_setup(setup.orders(), setup.descriptors(), answer.failed);
  auto size = retried(
      [&] { return ::write(answers.outer.get(), &answer, sizeof answer); });
  if (answer.error_number != 0 || size != sizeof answer)
    ::_exit(EXIT_FAILURE);
}

// In the parent. If it is killed meanwhile, that is told as its end.
void await_setup(const newcomer& one, one_way_pipe& answers, int pid) {
  answers.outer.reset();
  setup_answer answer;
  auto size = retried(
      [&] { return ::read(answers.inner.get(), &answer, sizeof answer); });
  if (size != sizeof answer || answer.error_number == 0)
    return;
  retried([&] { return ::waitpid(pid, nullptr, 0); });
  throw one.setup().failure(answer.failed, answer.error_number, one.program());
}

// Makes all new that names the original.
[[noreturn]] void become_child(newcomer& one, int parent,
                               const sigset_t& signals) noexcept {
  watcher::mine().after_fork();
  forget_interrupts_after_fork();
  try {
    take_over_after_fork(one.take_place());
  } catch (const std::exception& problem) {
    // If the parent is dead, so may be the family. It is told by the status.
    auto text = fmt::format("ramet: process (pid {}): {}\n", ::getpid(),
                            problem.what());
    if (::getppid() == parent) [[maybe_unused]]
      auto size = ::write(STDERR_FILENO, text.data(), text.size());
    ::_exit(EXIT_FAILURE);
  }
  // Not before: these hold objects, and what is open must be as it was.
  zygote::mine().forget_after_fork();
  byte_end::close_all_after_fork();
  children::mine().forget_after_fork();
  forget_first_child_after_fork();
  self::mine().take_over_runtime();
  ::pthread_sigmask(SIG_SETMASK, &signals, nullptr);
  note_program_signals();
  set_environment_of_child("", parent);
  run_as_child(origin::forked);
}

class fork_method final : public starter {
public:
  std::shared_ptr<child> start(const start_request& request) override {
    newcomer one{request, own_program()};
    require_own_program(request.options, one.name(), "fork");
    gate ready;
    std::optional<one_way_pipe> answers;
    if (!one.setup().changes_nothing())
      answers.emplace();
    int parent = ::getpid();
    int pid = 0;
    int failure = 0;
    {
      auto held = watcher::mine().hold_still();
      require_no_other_threads(one.name(), watcher::mine().thread_id());
      hold_for_fork(one.place());
      flush_streams();
      one.set_start_time(start_time_now());
      // A handler that ran in the child would act for its original.
      signals_blocked blocked;
      auto signals = signals_of_children(blocked.before());
      pid = ::fork();
      failure = errno;
      if (pid == 0) {
        held.unlock();
        ready.pass();
        if (answers)
          set_up(one.setup(), *answers);
        answers.reset();
        one.drop_descriptors();
        become_child(one, parent, signals);
      }
    }
    if (pid < 0)
      throw_os_error(failure,
                     fmt::format("starting process '{}' by fork", one.name()));
    one.set_pid(pid);
    auto pidfd = pidfd_of(pid);
    if (answers) {
      ready.outer.reset(); // it may pass
      await_setup(one, *answers, pid);
    }
    return one.begin(std::move(pidfd));
  }

private:
  // It is held at the gate, so there is one.
  static unique_fd pidfd_of(int pid) {
    try {
      return open_pidfd(pid);
    } catch (...) {
      ::kill(pid, SIGKILL);
      retried([&] { return ::waitpid(pid, nullptr, 0); });
      throw;
    }
  }
};

} // namespace

starter& fork_starter() {
  static auto* instance = new fork_method; // used by static destructors, too
  return *instance;
}

} // namespace ramet::detail
