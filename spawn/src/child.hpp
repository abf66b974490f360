// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a process keeps of one below it: until it has ended, and how it did.

#pragma once

#include "child_setup.hpp"
#include "child_thread.hpp"
#include "face.hpp"
#include "family.hpp"
#include "os_posix.hpp"
#include "segment.hpp"

#include <ramet/detail/mailbox.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/exit_status.hpp>
#include <ramet/remote_exception.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ramet::detail {

/// Shared by the handles of users, the list of children and the watcher.
/// Thread-safe.
///
/// Whoever sees the end first, a thread that joins or the watcher, collects the
/// exit status and settles the dead process's place in the family; all others
/// find that done. Nobody needs to join for it.
class child {
public:
  struct description {
    std::string name;
    std::string program;
    bool daemon = false;
    bool adopted = false; ///< A child of a dead child: watched, not shown.
    member_id id;
    int pid = 0;
    unique_fd pidfd;
    segment page_segment;
    process_page* page = nullptr;
    std::shared_ptr<face> owner; ///< Whose child it is; null: adopted.
    /// Not null: the child is that thread of this process, `pidfd` is a
    /// sentinel, and `id` and `pid` are this process's own.
    std::shared_ptr<child_thread> thread;
    mailbox inbox;         ///< Kept for a child that has not opened it yet.
    process_limits limits; ///< As asked for; to explain its end.
    std::unique_ptr<standard_pipes> pipes; ///< Until take_pipes().
    pipe_watch pipe_ends;
  };

  explicit child(description about);

  /// Lists the child and has it watched.
  /// @throws error resource_exhausted; then it is not listed
  static void begin(const std::shared_ptr<child>& one);

  /// False in a fork of the process that started it.
  bool ours() const { return starter_ == family::mine().serial(); }
  const std::string& name() const { return about_.name; }
  int pid() const { return about_.pid; }
  bool daemon() const { return about_.daemon; }
  bool adopted() const { return about_.adopted; }
  bool is_thread() const { return about_.thread != nullptr; }
  const face* owner() const { return about_.owner.get(); }
  /// Of a child that is a thread: what it has of its own; else null.
  const face* own_face() const {
    return is_thread() ? about_.thread->worn.get() : nullptr;
  }
  bool detached() const { return detached_.load(); }
  member_id id() const { return about_.id; }
  process_slot slot() const { return about_.id.slot; }
  std::uint32_t serial() const { return about_.id.serial; }
  int pidfd() const { return about_.pidfd.get(); }
  /// Names the child towards the watcher; never used twice.
  std::uint64_t token() const { return token_; }

  /// Waits until the child has ended and is settled. False: timed out.
  bool join(deadline until);
  bool ended();
  std::optional<exit_status> status();
  std::optional<remote_exception> exception();

  /// See detail::take_pipes.
  std::unique_ptr<standard_pipes> take_pipes();
  /// See pipe_watch::close_if_idle.
  void close_idle_pipes() const noexcept { about_.pipe_ends.close_if_idle(); }

  /// Nothing if it has ended. @throws error protocol when it is a thread
  void signal(int number);
  void detach();

  /// True once the child has taken over what it runs, or has ended: from then
  /// on it does not need us.
  bool begun() const;
  void wait_until_begun();

  /// Has `call` called once when the child has ended and is settled: now if it
  /// has, else in the thread that sees it end, often the watcher's. It must be
  /// quick and not throw.
  void when_ended(std::function<void()> call);

  /// For the watcher: the child's descriptor has become readable.
  void on_end();

private:
  using calls = std::vector<std::function<void()>>;

  /// Returns what to call, by make(), when guard_ is free again.
  calls finish();         // needs guard_
  void collect_process(); // needs guard_
  void collect_thread();  // needs guard_
  static void make(const calls& list);
  std::optional<remote_exception> read_exception() const; // needs guard_

  description about_;
  const std::uint64_t token_;
  const std::uint32_t starter_ = family::mine().serial();
  std::atomic<bool> detached_{false};

  mutable std::mutex guard_; // of all below
  unsigned joining_ = 0;     // threads that wait, instead of the watcher
  std::optional<exit_status> status_;
  std::optional<remote_exception> exception_;
  calls when_ended_;
};

} // namespace ramet::detail
