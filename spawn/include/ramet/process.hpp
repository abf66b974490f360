// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A function that runs in a process of its own.

#pragma once

#include <ramet/byte_stream.hpp>
#include <ramet/detail/launch.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/waitable.hpp>
#include <ramet/exit_status.hpp>
#include <ramet/process_options.hpp>
#include <ramet/remote_exception.hpp>
#include <ramet/this_process.hpp>

#include <chrono>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ramet {

class process;

namespace detail {

/// For modules above: what the parent keeps of the child behind a handle.
struct process_access;

/// What can stand first among a process's arguments, options aside.
template <class F>
concept callee =
    !std::same_as<
        std::remove_cvref_t<F>,
        process> && !std::same_as<std::remove_cvref_t<F>, process_options>;

} // namespace detail

/// A handle to a child process, in the manner of std::thread.
///
/// @code
/// void work(const std::string& city, int times);
///
/// ramet::process p{work, "Oslo", 3};
/// ramet::process q{{.name = "worker-1", .daemon = true}, work, "Rome", 4};
/// if (!p.join_for(2s))
///   p.terminate();
/// @endcode
///
/// The function may be a free or member function, a lambda without captures, or
/// a functor whose state is serializable. Arguments are converted to its
/// parameter types here, in the caller, then travel to the child; handles
/// (queues, mutexes, ...) travel as handles. A function without one fixed
/// parameter list (a template, a generic lambda) receives the decayed types of
/// what it is given, text literals as std::string.
///
/// Dropping the handle does not end the child; the runtime waits for it at the
/// end. No child outlives a killed parent, unless detached.
///
/// Any number of threads may wait on one process at a time. Moving and closing
/// a handle are not synchronised with its other uses. All members but the
/// destructor throw `error` with errc::closed on a moved-from or closed handle.
class process {
public:
  /// Starts a child that runs `f(args...)`. Returns as soon as it is launched;
  /// what goes wrong there from then on is told by status() and exception().
  /// Any number of threads may start children at a time.
  /// When this throws, no child is left and moved arguments may be lost.
  /// @throws error protocol (no runtime yet, or already ended; start method
  ///   not available; a setup that makes no sense), resource_exhausted,
  ///   os_failure (the program cannot be executed, or not with this setup; the
  ///   message says why), and whatever converting or encoding an
  ///   argument throws
  template <detail::callee F, class... Args>
  explicit process(F&& f, Args&&... args)
      : process(process_options{}, std::forward<F>(f),
                std::forward<Args>(args)...) {}

  /// The same, with a choice of name, daemon, start method, program or setup.
  template <class F, class... Args>
  explicit process(process_options options, F&& f, Args&&... args)
      : state_(detail::launch_call(std::move(options), std::forward<F>(f),
                                   std::forward<Args>(args)...)),
        pipes_(detail::take_pipes(*state_)) {}

  process(process&& other) noexcept = default;
  process& operator=(process&& other) noexcept = default;
  /// Lets go of the child, which goes on; but pipes that are its standard
  /// streams are closed.
  ~process() = default;

  /// The operating system's process id. Used again by the system some time
  /// after the process has ended: signal it through this handle instead.
  int pid() const;
  /// As chosen at the start, or "Process-1" and so on. Never waits.
  const std::string& name() const;
  /// Whether this process's runtime terminates it at its end, instead of
  /// waiting for it. Never waits.
  bool daemon() const;

  /// True until the process has ended. Never waits.
  bool running() const;

  /// Waits until the process has ended, and everything it held is released: its
  /// pipe ends are closed, its locks say `owner_died`.
  void join();
  /// True if it has ended.
  bool try_join();
  /// Waits at most so long. True if it has ended.
  template <class Rep, class Period>
  bool join_for(std::chrono::duration<Rep, Period> time) {
    return join_until(detail::deadline::in(time));
  }

  /// How it ended; nothing while it runs. Never waits.
  std::optional<exit_status> status() const;

  /// What ended it, when that was an exception that nobody caught there, or a
  /// start that failed in the child: another build of the program, or a main()
  /// that never made a runtime (type "ramet::error" then). Nothing while it
  /// runs, or when it ended otherwise. Never waits.
  std::optional<remote_exception> exception() const;

  /// The near ends of those standard streams that are a redirection::pipe().
  /// Never wait. They stay usable when the process has ended, and may be moved
  /// out. As long as nobody reads, a process that writes more than 64 KiB
  /// waits, and a join() with it; so it does when it reads to the end of an
  /// input that nobody closes. At the end of the runtime those that no thread
  /// is at are closed, before it waits for the process.
  /// @throws error protocol when that stream is no pipe, or this handle is not
  ///   the one that started the process
  byte_writer& standard_input();
  byte_reader& standard_output();
  byte_reader& standard_error();

  /// What a process wrote until it ended.
  struct captured {
    std::string output;
    std::string error;
  };
  /// Writes `input` to its standard input and closes that, reads its standard
  /// output and error to their ends, all at a time, and joins it. Those that
  /// are no pipes are left out. If it does not read all of the input, the rest
  /// is dropped.
  captured communicate(std::string_view input = {});

  /// Asks the process to end (SIGTERM). Nothing happens if it has ended.
  /// @throws error protocol when it is a thread: nothing can end one from
  ///   outside
  void terminate();
  /// Ends it at once (SIGKILL). @throws as terminate
  void kill();
  /// Sends SIGINT, as Ctrl-C would. @throws as terminate
  void interrupt();

  /// From now on the child lives on its own: this process's end neither waits
  /// for it nor ends it, whether by return, Ctrl-C or SIGKILL. The handle stays
  /// usable. A thread ends with its process all the same.
  void detach();

  /// Gives up the handle of an ended process. Later calls throw `closed`;
  /// closing again does nothing. @throws error protocol while it still runs
  void close();

  /// Readable when the process has ended, for poll, epoll, asio or ramet::wait.
  /// Owned by the handle.
  native_handle_type sentinel() const;
  native_handle_type native_handle() const { return sentinel(); }

private:
  friend struct detail::handle_access;
  friend struct detail::process_access;
  friend std::vector<process> active_children();
  explicit process(std::shared_ptr<detail::child> state)
      : state_(std::move(state)) {}

  /// For ramet::wait: ready when the process has ended.
  detail::waitable waitable() const;
  bool join_until(detail::deadline until);
  detail::child& use(const char* operation) const;
  template <class Stream>
  Stream& use_pipe(Stream detail::standard_pipes::*which, const char* name);

  std::shared_ptr<detail::child> state_;
  std::unique_ptr<detail::standard_pipes> pipes_;
};

/// The children of this process that have not ended, dropped handles included.
/// Thread-safe.
std::vector<process> active_children();

} // namespace ramet
