// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// The only source that knows Boost.Process. It takes from there the protocol
// between launchers and initializers, and the initializers; what the stock
// launchers of 1.81 do between fork and exec is replaced, see
// docs/adr/0002-own-launcher.md.

#include "launcher.hpp"

#include "threads_posix.hpp"

#include <fmt/format.h>

#include <boost/process/v2/process.hpp>

#include <algorithm>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

// ThreadSanitizer's own clone() takes the child for one with memory of its own,
// and turns itself off in it, which is to say here.
#if defined(__SANITIZE_THREAD__)
extern "C" int __clone(int (*)(void*), void*, int, void*, ...);
#define RAMET_CLONE __clone
#else
#define RAMET_CLONE ::clone
#endif

namespace ramet::detail {

namespace {

namespace process_v2 = boost::process::v2;
using boost::system::error_code;
using path = process_v2::filesystem::path;

// An initializer: the environment, passed on with some variables replaced or
// left out.
class environment_of_child {
public:
  environment_of_child(const std::vector<std::string>& own,
                       const environment_changes& changes) {
    for (auto& variable : own)
      pointers_.push_back(variable.c_str());
    for (auto& [name, value] : changes.set)
      set_.push_back(name + '=' + value);
    for (auto& variable : set_)
      pointers_.push_back(variable.c_str());
    if (changes.inherit)
      inherit(changes.unset);
    pointers_.push_back(nullptr);
  }

  error_code on_setup(process_v2::posix::default_launcher& launcher,
                      const path&, const char* const*) {
    launcher.env = pointers_.data();
    return {};
  }

private:
  void inherit(const std::vector<std::string>& unset) {
    auto own_count = static_cast<std::ptrdiff_t>(pointers_.size());
    for (char** inherited = ::environ; inherited && *inherited; ++inherited) {
      std::string_view text{*inherited};
      auto name = text.substr(0, text.find('='));
      bool replaced =
          std::any_of(pointers_.begin(), pointers_.begin() + own_count,
                      [&](std::string_view variable) {
                        return variable.starts_with(name)
                               && variable.substr(name.size(), 1) == "=";
                      });
      if (!replaced && std::ranges::find(unset, name) == unset.end())
        pointers_.push_back(*inherited);
    }
  }

  std::vector<std::string> set_;
  std::vector<const char*> pointers_;
};

// An initializer: what else differs from this process. Prepared before, and
// applied in the child, which tells through our memory where it failed.
class setup_of_child {
public:
  explicit setup_of_child(const child_setup& setup)
      : orders_(setup.orders()), descriptors_(setup.descriptors()) {}

  setup_step failed() const { return failed_; }

  error_code on_exec_setup(process_v2::posix::default_launcher&, const path&,
                           const char* const*) {
    error_code result;
    if (int problem = apply_setup(orders_, descriptors_, failed_))
      result.assign(problem, boost::system::system_category());
    return result;
  }

private:
  const setup_orders& orders_;
  std::vector<int> descriptors_;
  setup_step failed_ = setup_step::none;
};

// An initializer: descriptors that stay open in the program.
class inherited_descriptors {
public:
  explicit inherited_descriptors(const std::vector<int>& list) : list_(list) {}

  error_code on_setup(process_v2::posix::default_launcher& launcher,
                      const path&, const char* const*) {
    launcher.fd_whitelist.insert(launcher.fd_whitelist.end(), list_.begin(),
                                 list_.end());
    return {};
  }

  error_code on_exec_setup(process_v2::posix::default_launcher&, const path&,
                           const char* const*) {
    for (int fd : list_)
      if (::fcntl(fd, F_SETFD, 0) != 0)
        return {errno, boost::system::system_category()};
    return {};
  }

private:
  const std::vector<int>& list_;
};

// A stack for the moment between clone and exec, with a guard page below.
class launch_stack {
public:
  launch_stack() {
    auto* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED)
      return;
    base_ = static_cast<char*>(memory);
    ::mprotect(base_, guard, PROT_NONE);
  }
  ~launch_stack() {
    if (!base_)
      return;
#if defined(__SANITIZE_ADDRESS__)
    // The child has left without a return: its marks would outlive the stack.
    __asan_unpoison_memory_region(base_ + guard, size - guard);
#endif
    ::munmap(base_, size);
  }
  launch_stack(const launch_stack&) = delete;
  launch_stack& operator=(const launch_stack&) = delete;

  char* top() const {
    return base_ ? base_ + size : nullptr;
  }

private:
  static constexpr std::size_t size = 128 * 1024;
  static constexpr std::size_t guard = 64 * 1024;
  char* base_ = nullptr;
};

// A launcher in Boost.Process's sense. The child shares the parent's memory
// until exec and the calling thread waits for that, so an error number comes
// back in a variable, and no page table is copied.
class vfork_launcher : public process_v2::posix::default_launcher {
public:
  int pidfd = -1;

  template <class... Initializers>
  void operator()(error_code& error, const path& program,
                  const char* const* argv, Initializers&&... initializers) {
    (set_up(error, initializers, program, argv), ...);
    if (!error)
      start(error, program, argv, initializers...);
    if (error)
      (report(error, initializers, program, argv), ...);
  }

private:
  template <class Initializer>
  void set_up(error_code& error, Initializer& initializer, const path& program,
              const char* const*& argv) {
    if constexpr (requires { initializer.on_setup(*this, program, argv); })
      if (!error)
        error = initializer.on_setup(*this, program, argv);
  }

  template <class Initializer>
  void set_up_exec(error_code& error, Initializer& initializer,
                   const path& program, const char* const*& argv) {
    if constexpr (requires { initializer.on_exec_setup(*this, program, argv); })
      if (!error)
        error = initializer.on_exec_setup(*this, program, argv);
  }

  template <class Initializer>
  void report(const error_code& error, Initializer& initializer,
              const path& program, const char* const*& argv) {
    if constexpr (requires {
                    initializer.on_error(*this, program, argv, error);
                  })
      initializer.on_error(*this, program, argv, error);
  }

  template <class... Initializers>
  void start(error_code& error, const path& program, const char* const* argv,
             Initializers&... initializers) {
    std::sort(fd_whitelist.begin(), fd_whitelist.end());
    launch_stack stack;
    if (!stack.top()) {
      error.assign(errno, boost::system::system_category());
      return;
    }
    volatile int child_error = 0;
    // Including those of terminals and timers: a handler that ran in the child
    // would run in the parent's memory.
    signals_blocked blocked;
    auto signals = signals_of_children(blocked.before());
    auto child = [&] {
      reset_handlers();
      // Before the number of descriptors is limited: it may need to try all.
      keep_only(fd_whitelist);
      error_code failure;
      (set_up_exec(failure, initializers, program, argv), ...);
      if (failure) {
        child_error = failure.value();
        return;
      }
      ::pthread_sigmask(SIG_SETMASK, &signals, nullptr);
      ::execve(program.c_str(), const_cast<char* const*>(argv),
               const_cast<char* const*>(env));
      child_error = errno;
    };
    pid = RAMET_CLONE(
        [](void* body) -> int {
          (*static_cast<decltype(child)*>(body))();
          // Not _exit(): sanitizers would tidy up the stack that they think
          // this is, the parent's.
          ::syscall(SYS_exit_group, 127);
          return 127;
        },
        stack.top(), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child,
        &pidfd);
    if (int failed = pid < 0 ? errno : child_error) {
      if (pid > 0) {
        retried([&] { return ::waitpid(pid, nullptr, 0); });
        ::close(pidfd);
        pidfd = -1;
      }
      error.assign(failed, boost::system::system_category());
    }
  }

  static void reset_handlers() {
    for (int signal = 1; signal < NSIG; ++signal) {
      struct sigaction action;
      if (::sigaction(signal, nullptr, &action) != 0
          || action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN)
        continue;
      action = {};
      action.sa_handler = SIG_DFL;
      ::sigaction(signal, &action, nullptr);
    }
  }

  static void keep_only(const std::vector<int>& sorted) {
    unsigned next = 0;
    for (int kept : sorted) {
      auto fd = static_cast<unsigned>(kept);
      if (fd > next)
        close_on_exec(next, fd - 1);
      next = fd + 1;
    }
    close_on_exec(next, ~0U);
  }

  static void close_on_exec(unsigned first, unsigned last) {
    if (::syscall(SYS_close_range, first, last, CLOSE_RANGE_CLOEXEC) == 0)
      return;
    // Before Linux 5.11, or forbidden by a sandbox.
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    auto end = static_cast<unsigned>(
        std::min<rlim_t>(limit.rlim_cur, rlim_t{1} << 20));
    for (auto fd = first; fd <= last && fd < end; ++fd)
      ::fcntl(static_cast<int>(fd), F_SETFD, FD_CLOEXEC);
  }
};

} // namespace

launched launch_program(const launch_request& request,
                        const std::string& purpose) {
  std::vector<const char*> argv;
  for (auto& argument : request.arguments)
    argv.push_back(argument.c_str());
  argv.push_back(nullptr);
  error_code error;
  vfork_launcher launcher;
  if (request.setup) {
    setup_of_child setup{*request.setup};
    launcher(
        error, path{request.program}, argv.data(),
        environment_of_child{request.environment, request.setup->environment()},
        inherited_descriptors{request.descriptors}, setup);
    if (error)
      throw request.setup->failure(setup.failed(), error.value(),
                                   request.program);
  } else {
    launcher(error, path{request.program}, argv.data(),
             environment_of_child{request.environment, {}},
             inherited_descriptors{request.descriptors});
  }
  if (error)
    throw_os_error(error.value(),
                   fmt::format("{}: executing '{}'", purpose, request.program));
  return {launcher.pid, unique_fd{launcher.pidfd}};
}

} // namespace ramet::detail
