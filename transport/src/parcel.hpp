// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A message too large for the ring, in a segment of its own.

#pragma once

#include "segment.hpp"

#include <ramet/detail/message.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

namespace ramet::detail {

class object;

/// What the mailbox's frame says of a parcel.
struct parcel_note {
  std::uint64_t parcel;  ///< id of the file
  std::uint64_t size;    ///< of the payload in bytes
  std::uint64_t storage; ///< same storage: same memory, perhaps still mapped
};

/// Fresh memory costs more than the copy into it. So a mailbox keeps the file
/// of one parcel that was read, its spare, for the next large message, and both
/// sides keep it mapped. When many small messages have passed since, all is
/// given back. Thread-safe. See docs/adr/0006-large-messages.md.
class parcel_cache {
public:
  std::shared_ptr<segment> find(std::uint64_t storage);
  void remember(std::uint64_t storage, std::shared_ptr<segment> memory);
  /// Call for each message that was small. True when there were so many that
  /// everything was given back.
  bool small_message() {
    return used_.load(std::memory_order_relaxed) && note_small_message();
  }

private:
  bool note_small_message();

  struct entry {
    std::uint64_t storage = 0;
    std::shared_ptr<segment> memory;
  };
  std::atomic<bool> used_{false};
  std::mutex guard_; // of all below
  entry entries_[2];
  std::size_t next_ = 0;
  int small_messages_ = 0;
};

/// The sender's side: writes the message straight into shared memory. Until
/// `hand_over()` the parcel belongs to the sender, and dies with it.
class outgoing_parcel {
public:
  /// @throws error resource_exhausted, or whatever message.write throws
  outgoing_parcel(const outgoing& message, std::atomic<std::uint64_t>& spare,
                  parcel_cache& cache);
  outgoing_parcel(const outgoing_parcel&) = delete;
  outgoing_parcel& operator=(const outgoing_parcel&) = delete;
  /// Removes it unless it was sent.
  ~outgoing_parcel();

  parcel_note note() const;
  std::span<const object_ref> refs() const { return refs_; }
  /// From here on the mailbox's lock decides whether it lives.
  void hand_over();
  /// The message that refers to it is published.
  void sent() { sent_ = true; }

private:
  bool take_spare(std::atomic<std::uint64_t>& spare, parcel_cache& cache,
                  std::size_t size);

  std::uint64_t id_;
  std::uint64_t size_;
  std::uint32_t ledger_entry_;
  std::shared_ptr<segment> memory_;
  std::span<object_ref> refs_;
  bool sent_ = false;
};

/// The receiver's side: the mapped message while it is read, and for as long
/// as the reader keeps a view of it.
class incoming_parcel {
public:
  /// @throws error protocol when the file is missing or does not fit
  incoming_parcel(const parcel_note& note, std::uint32_t refs,
                  parcel_cache& cache);
  incoming_parcel(const incoming_parcel&) = delete;
  incoming_parcel& operator=(const incoming_parcel&) = delete;
  /// Gives the file back, if it was kept.
  ~incoming_parcel();

  std::span<const std::byte> bytes() const;
  std::span<const object_ref> refs() const;

  /// Before the message is consumed: the file will be ours to remove. Written
  /// in the ledger, so that it is removed when we die. False: the ledger is
  /// full.
  bool claim();
  /// After the message was consumed: the file lives as long as this object.
  /// Then it becomes the spare of the mailbox in `box`, if that is still
  /// open.
  void keep(std::weak_ptr<object> box, std::atomic<std::uint64_t>& spare);
  /// After the message was consumed: the file becomes the spare, or goes.
  void recycle(std::atomic<std::uint64_t>& spare);

private:
  parcel_note note_;
  std::uint32_t refs_;
  std::shared_ptr<segment> memory_;
  std::optional<std::uint32_t> ledger_entry_;
  std::weak_ptr<object> box_;
  std::atomic<std::uint64_t>* spare_ = nullptr; // inside box_
  bool kept_ = false;
  std::uint32_t claimed_by_ = 0; // serial: a copy in a fork gives nothing back
};

/// True when a dead sender had not yet handed the parcel over.
bool parcel_is_abandoned(const segment& memory);

} // namespace ramet::detail
