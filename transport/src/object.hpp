// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Shared objects: what a handle's id stands for, who holds it, and this
/// process's open ones.

#pragma once

#include "family.hpp"
#include "process_set.hpp"
#include "segment.hpp"

#include <ramet/detail/message.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace ramet::detail {

inline constexpr std::uint64_t object_magic = 0x31'54'45'4d'41'52; // "RAMET1"
inline constexpr std::uint32_t object_version = 1;

/// The first bytes of every shared object's file.
///
/// An object lives while some process holds it (a bit in `holders`) or some
/// unread message does (a count). Bits are set by adopting it out of a
/// message before the message's own hold is given up, so a living object is
/// never without a hold.
struct object_header {
  std::uint64_t magic;
  std::uint32_t version;
  object_kind kind;
  std::uint64_t id;
  /// Lower half: unread messages that hold it. Upper half: how often that
  /// changed, so that two equal readings mean that nothing happened between.
  std::atomic<std::uint64_t> message_holds;
  process_set holders;

  static constexpr std::uint64_t one_hold_more = (std::uint64_t{1} << 32) + 1;
  static constexpr std::uint64_t one_hold_less = (std::uint64_t{1} << 32) - 1;

  bool unheld() const {
    auto before = message_holds.load(std::memory_order_seq_cst);
    return static_cast<std::uint32_t>(before) == 0 && holders.empty()
           && message_holds.load(std::memory_order_seq_cst) == before;
  }
};

/// A shared object that is open in this process. Copies of handles share it;
/// when the last is gone, the process lets go of the object, and the object's
/// memory is freed if nobody else holds it.
class object : public std::enable_shared_from_this<object> {
public:
  object(segment memory, std::uint64_t id, std::uint32_t ledger_entry)
      : memory_(std::move(memory)), id_(id), ledger_entry_(ledger_entry) {}

  std::uint64_t id() const { return id_; }
  std::byte* data() const { return memory_.data(); }
  /// Of the file, as it was opened.
  std::size_t bytes() const { return memory_.size(); }
  object_header& header() const { return as<object_header>(); }
  /// What stands there, if it is of the kind that has this layout.
  template <class Layout>
  Layout& as() const {
    return *reinterpret_cast<Layout*>(memory_.data());
  }
  std::uint32_t ledger_entry() const { return ledger_entry_; }

  /// In a fork that becomes a process of its own: forgets what is the
  /// original's.
  void after_fork(std::uint32_t ledger_entry) noexcept {
    ledger_entry_ = ledger_entry;
    if (attachment_)
      attachment_->after_fork();
  }

  /// What this process keeps beside the shared memory: one T an object, made
  /// from the object at the first call.
  template <class T>
  T& attached() {
    std::call_once(attach_once_,
                   [&] { attachment_ = std::make_unique<T>(*this); });
    return static_cast<T&>(*attachment_);
  }

  struct attachment {
    virtual ~attachment() = default;
    /// See take_over_after_fork().
    virtual void after_fork() noexcept {}
  };

private:
  segment memory_;
  std::uint64_t id_;
  std::uint32_t ledger_entry_;
  std::once_flag attach_once_;
  std::unique_ptr<attachment> attachment_; // goes before the memory
};

using object_ptr = std::shared_ptr<object>;

/// Makes an object of `size` bytes, held by this process. `init(object&)`
/// fills it before anybody else can see it.
/// @throws error resource_exhausted, os_failure
template <class Init>
object_ptr make_object(object_kind kind, std::size_t size, std::size_t reserved,
                       Init&& init);

/// Opens an object that somebody else holds for us (a message, a parent), and
/// holds it. The same object for the same id while it is open.
/// @throws error closed (it is gone), protocol (not such an object, or from
///   another version)
object_ptr open_object(object_ref ref);

/// Checks that `memory` is such an object. @throws error protocol
void check_object(const segment& memory, object_ref ref);

/// Opens for a moment, without holding it; empty if it is gone or damaged.
segment peek_object(std::uint64_t id);

namespace object_registry {
object_ptr create(object_kind kind, std::size_t size, std::size_t reserved);
/// All that is open in this process, in an order that a fork finds again.
std::vector<object_ptr> all();
} // namespace object_registry

template <class Init>
object_ptr make_object(object_kind kind, std::size_t size, std::size_t reserved,
                       Init&& init) {
  auto result = object_registry::create(kind, size, reserved);
  init(*result);
  return result;
}

} // namespace ramet::detail
