// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Runs the programs in programs/, each with a process group of its own, and
/// sees to it that nothing of them stays.

#pragma once

#include "pidfd_linux.hpp"
#include "process_fixture.hpp"

#include <ramet/exit_status.hpp>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace ramet::test {

inline std::string program_path(const std::string& name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

/// A running program with its output.
class program {
public:
  explicit program(std::vector<std::string> arguments,
                   std::vector<std::string> variables = {}) {
    // Orphans come to us, not to an init that may not collect them.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    std::array<int, 2> out;
    std::array<int, 2> err;
    EXPECT_EQ(::pipe2(out.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(err.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    auto path = program_path(arguments[0]);
    std::vector<char*> argv;
    for (auto& argument : arguments)
      argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::vector<char*> environment;
    for (char** one = ::environ; *one; ++one)
      environment.push_back(*one);
    for (auto& variable : variables)
      environment.push_back(variable.data());
    environment.push_back(nullptr);
    EXPECT_EQ(::posix_spawn(&pid_, path.c_str(), &actions, &attributes,
                            argv.data(), environment.data()),
              0)
        << path;
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    ::close(err[1]);
    out_ = detail::unique_fd{out[0]};
    err_ = detail::unique_fd{err[0]};
    pidfd_ = detail::open_pidfd(pid_);
  }

  ~program() {
    signal_group(SIGKILL);
    EXPECT_TRUE(nobody_left());
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  }
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  int pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }
  void signal_group(int number) const {
    if (pid_ > 0) // else it could not be started, and this is our own group
      ::kill(-pid_, number);
  }

  /// The next line on stdout, without its end; empty after the last.
  std::string line() {
    std::string result;
    char c = 0;
    while (readable(out_.get()) && ::read(out_.get(), &c, 1) == 1 && c != '\n')
      result += c;
    return result;
  }

  /// Reads lines until `count` members have said that they are there.
  void await(const std::string& who, int count) {
    while (count > 0) {
      auto text = line();
      ASSERT_FALSE(text.empty()) << "the program has ended";
      if (text.find(who + " ") != std::string::npos)
        --count;
      if (text.starts_with("directory "))
        directory_ = text.substr(10);
      pids_[who] = std::atoi(text.substr(text.rfind(' ') + 1).c_str());
    }
  }
  int pid_of(const std::string& who) { return pids_[who]; }
  const std::string& directory() const { return directory_; }

  /// What is left of stdout, and all of stderr. Waits until all have closed
  /// them.
  std::string rest() { return read_all(out_.get()); }
  std::string errors() { return read_all(err_.get()); }

  /// Waits for the program's own end. Neither code nor signal: it hangs.
  exit_status status() {
    if (!detail::wait_for_end(pidfd_.get(), detail::deadline::in(20s)))
      return {};
    return detail::collect_exit(pidfd_.get());
  }

  /// True as soon as no process of its group lives.
  bool nobody_left() const {
    return eventually([this] {
      while (::waitpid(-pid_, nullptr, WNOHANG) > 0) {
      }
      return ::kill(-pid_, 0) != 0;
    });
  }

private:
  static bool readable(int fd) {
    pollfd waiting{fd, POLLIN, 0};
    return ::poll(&waiting, 1, 20'000) == 1;
  }

  static std::string read_all(int fd) {
    std::string result;
    std::array<char, 4096> buffer;
    while (readable(fd)) {
      auto size = ::read(fd, buffer.data(), buffer.size());
      if (size <= 0)
        break;
      result.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return result;
  }

  pid_t pid_ = 0;
  detail::unique_fd out_;
  detail::unique_fd err_;
  detail::unique_fd pidfd_;
  std::map<std::string, int> pids_;
  std::string directory_;
};

} // namespace ramet::test
