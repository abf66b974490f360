// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Where descriptors are between the one who sends and the one who receives
/// them.

#pragma once

#include "family.hpp"
#include "os_posix.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

namespace ramet::detail {

/// What this process keeps for others: descriptors, each under the id of a
/// shared object of kind `descriptor`, which tells how long. One in a process;
/// never destroyed. Thread-safe.
class descriptor_keeper {
public:
  static descriptor_keeper& mine();

  /// Keeps a duplicate. @throws error os_failure, resource_exhausted
  void keep(std::uint64_t id, int fd);
  void keep(std::uint64_t id, unique_fd fd);
  /// Duplicates of all, or none.
  /// @throws error closed (one is not here), resource_exhausted
  std::vector<unique_fd> fetch(std::span<const std::uint64_t> ids);
  void drop(std::uint64_t id) noexcept;
  /// Drops those whose objects are gone: whoever should have said so was
  /// killed.
  void sweep() noexcept;

  /// Lets other processes ask. Returns a descriptor that is readable when one
  /// does for the first time; then call serve. Once it is called, the same.
  /// @throws error resource_exhausted, os_failure
  int listen();
  /// Starts the thread that answers, once; if that fails, nobody gets an
  /// answer, but an error.
  void serve() noexcept;

  /// The address of a process's keeper.
  static std::string path_of(process_slot slot);

private:
  descriptor_keeper();
  void answer_all();
  unique_fd admit() const;
  bool answer_one_without_room();
  bool try_to_answer(int client) noexcept;
  bool answer(int client); // false when it has gone
  bool answer_fetch(int client, std::span<const std::uint64_t> ids);
  static bool send_answer(int client, int result, std::span<const int> fds);
  void become_child() noexcept;

  std::mutex guard_; // of all below
  std::unordered_map<std::uint64_t, unique_fd> kept_;
  std::size_t sweep_at_ = 64; // kept ones
  unique_fd listener_;
  std::vector<unique_fd> clients_; // changed by the thread only
  bool served_ = false;

  unique_fd reserve_; // the thread's: its place is given to one without room
};

} // namespace ramet::detail
