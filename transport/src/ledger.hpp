// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What this process holds, written down where its undertaker can read it.

#pragma once

#include "segment.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

namespace ramet::detail {

struct process_page;

/// A table of object ids behind the process's page, in its own segment. An
/// entry is written before the object is held and erased after it is let go,
/// so the undertaker may find objects there that are not held, but never
/// misses one.
class ledger {
public:
  static ledger& mine();

  /// @throws error resource_exhausted when the shared memory is full
  std::uint32_t insert(std::uint64_t object);
  void erase(std::uint32_t entry) noexcept;

  /// Fills the ledger of a process that has none yet: entry i for object i.
  /// @throws error resource_exhausted when the shared memory is full
  static void fill(const segment& memory, const std::string& path,
                   std::span<const std::uint64_t> objects);
  /// In a fork that becomes a process of its own: from now on the ledger of
  /// that, as it was filled.
  void after_fork();

  /// The entries of any process's segment, up to the last one ever used.
  static std::span<std::atomic<std::uint64_t>> entries(const segment& memory);

  /// Size of a process's segment, and how much of it is backed at first.
  static std::size_t segment_size();
  static std::size_t initial_reserve();

private:
  ledger();
  void open();

  std::mutex guard_; // of all below
  segment memory_;
  std::string path_;
  std::atomic<std::uint64_t>* table_;
  std::size_t reserved_entries_;
  std::vector<std::uint32_t> unused_; // entries erased, to be used again
};

} // namespace ramet::detail
