// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// This process's zygote: a process of the same program without threads, which
/// is forked to make children. See docs/adr/0014-forked-children.md.

#pragma once

#include "newcomer.hpp"
#include "os_posix.hpp"

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sched.h>
#include <sys/resource.h>
#include <sys/types.h>

namespace ramet::detail {

struct zygote_page;

/// One in a process; never destroyed. Thread-safe.
///
/// The zygote is launched by the first start, and again when it was killed, or
/// when what a child has from its parent (environment, working directory,
/// process group, rights, limits, priority, processors, ignored signals) is not
/// what it was when the zygote was made. It keeps one child ready, the spare,
/// which this process tells directly what to become. The children are this
/// process's own towards the system, whatever becomes of the zygote.
class zygote {
public:
  static zygote& mine();

  /// Makes the spare the newcomer's process.
  /// @throws error protocol when this program cannot have a zygote,
  ///   resource_exhausted, os_failure; then the newcomer has no process
  unique_fd start(newcomer& one);

  /// Ends the zygote and its spare, if there are, and waits for that.
  void end() noexcept;

  /// For the child of a fork(): the zygote is the parent's.
  void forget_after_fork() noexcept;

  /// 0: there is none at the moment. For tests.
  int pid();

private:
  // What a zygote is made from and does not follow when it changes.
  struct surroundings {
    std::string environment;
    std::array<std::uint64_t, 2> directory{};
    int group = 0;
    std::array<uid_t, 3> users{};
    std::array<gid_t, 3> groups{};
    std::vector<gid_t> other_groups;
    int no_new_rights = 0;
    int filtered_calls = 0;
    int nice = 0;
    int scheduler = 0;
    std::array<unsigned long, sizeof(cpu_set_t) / sizeof(unsigned long)>
        processors{}; // a cpu_set_t
    std::vector<std::pair<rlim_t, rlim_t>> limits;
    std::uint64_t ignored_signals = 0;

    static surroundings now();
    friend bool operator==(const surroundings&, const surroundings&) = default;
  };
  struct spare {
    int pid = 0;
    std::uint64_t start_time = 0;
    unique_fd pidfd;
    unique_fd socket;
  };

  zygote() = default;
  void launch();                      // needs guard_
  std::optional<spare> next_spare();  // needs guard_
  void order_spare() noexcept;        // needs guard_
  void end_locked() noexcept;         // needs guard_
  void bury_unknown_child() noexcept; // needs guard_
  // Throws, unless it was killed: then another one may do.
  void bury_useless(const std::string& name); // needs guard_

  std::mutex guard_; // of all below
  unique_fd socket_; // none: there is no zygote
  unique_fd pidfd_;
  int pid_ = 0;
  zygote_page* page_ = nullptr; // shared with it
  surroundings made_in_;
  bool spare_ordered_ = false;
  bool has_served_ = false;   // this one has made a spare
  int last_known_ = 0;        // the last of its children that we were told of
  bool binds_at_once_ = true; // symbols, and not when they are first used
};

/// True in a process that was launched to be a zygote.
bool launched_as_zygote();

/// Makes children until the owner is gone. Returns only in those, once for each
/// process: as one that a parent has launched, see run_as_child().
void serve_as_zygote();

} // namespace ramet::detail
