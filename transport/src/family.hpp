// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A family: the processes that share one private directory of shared objects,
/// and the table that says who belongs to it.

#pragma once

#include "segment.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::detail {

/// Index of a process in its family's table: dense, used again after the
/// process is gone and settled. Also the process's bit in every object's set of
/// holders.
using process_slot = std::uint32_t;

inline constexpr process_slot max_processes = 4096;

/// One process for ever: its slot is used again, but not with this serial.
struct member_id {
  process_slot slot = 0;
  std::uint32_t serial = 0;

  static member_id mine();

  friend bool operator==(const member_id&, const member_id&) = default;
};

/// What everybody may know of one member; lives in the family's table.
struct alignas(64) process_entry {
  /// 0: free. Otherwise unique in the family's life; written last when a slot
  /// is given out, cleared last when the undertaker is done.
  std::atomic<std::uint32_t> serial;
  std::atomic<std::int32_t> pid;            ///< 0 until launched
  std::atomic<std::uint32_t> parent;        ///< slot of the parent
  std::atomic<std::uint32_t> parent_serial; ///< its serial; 0: founder
  std::atomic<std::uint32_t> detached;      ///< 1: outlives its parent
  std::atomic<std::uint64_t> start_time;    ///< tells a reused pid apart
};

/// How far a child has come; written by the child itself.
enum class process_phase : std::uint32_t {
  admitted, ///< has a slot; its main has not made a runtime
  running,  ///< its runtime runs the function
  returned, ///< the function returned
  threw,    ///< an exception escaped; the page says which
};

/// The first pages of a process's own segment: written by the process (name
/// and argv by its parent), read by its parent even after its death.
struct process_page {
  std::atomic<process_phase> phase;
  std::atomic<std::uint32_t> left;  ///< 1: it has come to its regular end
  std::atomic<std::uint64_t> inbox; ///< the mailbox of its start message
  /// What it has taken out of there and not dealt with yet.
  std::atomic<std::uint64_t> pending_messages;
  std::atomic<std::uint64_t> pending_bytes;
  char name[128]; ///< NUL-terminated, cut if longer
  char exception_type[512];
  char exception_what[2048];
  char exception_backtrace[8192];
  std::uint32_t exception_identity_size;
  std::byte exception_identity[1024]; ///< an encoded thrown_identity
};

/// Copies `text` into a fixed field of a shared page: cut to fit, always
/// NUL-terminated.
void write_field(std::span<char> field, std::string_view text);
/// Reads such a field, never past its end.
std::string read_field(std::span<const char> field);

/// This process's membership in its family. One an operating system process;
/// made at first use and never destroyed, so that handles in static objects
/// stay usable to the end. All functions are thread-safe.
class family {
public:
  /// Joins the family that the environment names (RAMET_FAMILY, set by the
  /// parent), else founds one: sweeps what dead families left, makes the
  /// directory and holds a shared lock on it for life.
  /// @throws error resource_exhausted, os_failure, protocol (the directory is
  ///   gone, or was made by another version of ramet)
  static family& mine();

  /// True when this process has one already.
  static bool exists();

  /// True when the environment said that a parent started this process.
  static bool was_spawned();

  const std::string& directory() const { return directory_; }
  process_slot slot() const { return slot_; }
  std::uint32_t serial() const { return serial_; }
  member_id id() const { return {slot_, serial_}; }
  process_entry& entry(process_slot slot) const;

  /// The page of a living or unsettled process; the caller's mapping keeps it
  /// readable even after that process is settled.
  process_page& own_page() const;
  /// Maps another process's page. Keep the segment as long as the page.
  segment map_page(process_slot slot, process_page*& page) const;

  /// Gives a child-to-be a slot, a page and a ledger. The caller is its
  /// parent and becomes its undertaker.
  /// @throws error resource_exhausted when the table or the memory is full
  struct admission {
    member_id id;
    segment page_segment; ///< keep while `page` is used
    process_page* page;
  };
  admission admit(std::string_view name);

  /// In the child of a fork() of a member that has admitted it: from now on
  /// this process is that member.
  /// @throws error os_failure when the directory is gone, resource_exhausted
  void become(admission place);

  /// What the child finds in the environment variable RAMET_FAMILY.
  std::string passport(const admission& child) const;

  /// Says that a process is dead (or was never launched): marks ends closed
  /// and owners dead, lets go of all it held, repairs locks that it died in,
  /// wakes every waiter on those things, and frees the slot. May be repeated
  /// when an undertaker itself died half-way; does nothing when the process
  /// has settled itself, and its slot may be another's. First take over its
  /// children (adopt_children_of). Never throws.
  void settle(member_id dead) noexcept;

  /// All unsettled processes whose parent is this one.
  std::vector<member_id> children_of(member_id parent) const;
  /// Takes over the children of a dead process: their parent becomes the
  /// caller. Returns them.
  std::vector<member_id> adopt_children_of(member_id dead);

  /// Leaves the family: gives up all holds and the lock; the last to leave
  /// removes the directory. Called once, at the process's end; safe to call
  /// from any thread while others still run. Never throws.
  void leave() noexcept;

  /// True in a process made by a bare fork() of a member: it may use what it
  /// found open, but it is no member of its own. What it opens is not listed,
  /// so it is let go of only when the family ends.
  bool is_guest() const { return guest_; }

  /// True when this process has settled itself at its end: it holds nothing any
  /// more, and its slot may be another's.
  bool is_settled() const { return settled_.load(); }

  // -- ids ------------------------------------------------------------------

  std::uint64_t next_object_id();
  /// Path of the file behind an object.
  std::string path_of(std::uint64_t object) const;
  /// Path of a process's own segment: its page and its ledger.
  std::string page_path(process_slot slot) const;

private:
  family() = default;
  friend struct family_maker;
  static family*& instance_at_exit();

  std::string directory_;
  process_slot slot_ = 0;
  std::uint32_t serial_ = 0;
  segment table_;
  segment own_segment_;
  process_page* own_page_ = nullptr;
  int lock_ = -1; // the directory, locked as shared; held for life
  std::atomic<std::uint32_t> next_object_{1};
  std::atomic<bool> left_{false};
  std::atomic<bool> settled_{false};
  bool guest_ = false;
};

} // namespace ramet::detail
