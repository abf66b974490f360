// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Putting into and taking from a mailbox, and putting it right after a death.

#pragma once

#include "chain.hpp"
#include "mailbox_control.hpp"
#include "object.hpp"
#include "parcel.hpp"

#include <ramet/detail/mailbox.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <span>

namespace ramet::detail {

/// One process's view of a mailbox. Thread-safe. Does not keep the object.
class mailbox_core {
public:
  /// `keeper` is the open object, if this view outlives one call.
  mailbox_core(std::uint64_t object, std::byte* data, mailbox_control& control,
               std::weak_ptr<detail::object> keeper = {});

  put_status put(const outgoing& message, deadline until,
                 receipt* where = nullptr);
  bool revoke(const receipt& which, deadline until);
  bool with_takers_stopped(predicate what, deadline until);
  std::uint64_t messages_taken() const {
    return control_.consumers.count.load(std::memory_order_acquire);
  }
  take_status take(receiver receive, deadline until,
                   const receiver* first = nullptr);
  std::size_t take_some(receiver receive, std::size_t most);

  bool ready() const { return waiting() || closed(); }
  bool search(predicate also);
  bool park(predicate also, deadline until);
  void wake_one();
  void wake_all();
  std::size_t size() const;
  bool closed() const {
    return control_.closed.load(std::memory_order_acquire) != 0;
  }
  void close();
  mailbox_stats stats() const;

  void task_done();
  bool join(deadline until);

  native_handle_type native_handle();
  void stop_ringing();
  /// Makes the native handle unreadable until the mailbox is ready again.
  void rearm();

  /// In a fork that becomes a process of its own: the bell is the original's.
  void after_fork() noexcept;

  /// Drops every message, for a mailbox that nobody holds any more, and
  /// removes its further segments.
  void clear() noexcept;
  /// Repairs locks that `dead` died in and wakes everybody.
  void bury(process_slot dead, const process_set& holders) noexcept;

  const mailbox_control& control() const { return control_; }
  std::uint64_t object() const { return object_; }

private:
  class side_lock;
  struct found_frame;

  bool room_for_message() const;
  bool find_room(std::size_t bytes, cursor& at);
  bool fits(const cursor& at, std::size_t bytes);
  bool waiting() const;
  void grow_home(std::uint64_t position, std::size_t bytes);
  std::uint64_t link_to(const cursor& from, std::uint64_t segment,
                        std::uint64_t position);
  void extend_chain(cursor& at, std::size_t frame);
  bool wait_for_consumers(const cursor& at, std::size_t bytes);
  put_status put_locked(const outgoing& message, outgoing_parcel* parcel,
                        receipt* where);
  void enter_refs(std::span<const object_ref> refs, const cursor& frame);
  bool room_for_parcel(std::uint64_t size) const;
  bool room_likely(std::size_t bytes) const;
  bool half_empty() const;
  std::size_t bytes_in_use() const;
  void wait_for_room(std::size_t frame, std::uint64_t parcel, deadline until);

  enum class shown { none, revoked, left, taken };
  template <class Look>
  bool spin_to_take(Look look);
  bool somebody_spins() const;
  shown take_locked(receiver receive, const receiver* first = nullptr);
  bool find_frame(found_frame& found);
  void consume(found_frame& found);
  void begin_consuming(const found_frame& found);
  void forget_consuming();
  void leave_in_place();
  void drop_locked(found_frame& found);
  void finish_consuming();

  std::span<const object_ref> refs_at(segment_cache& segments,
                                      parcel_cache& parcels,
                                      const cursor& frame,
                                      std::optional<incoming_parcel>& parcel);
  void repair_producers();
  void repair_consumers();

  void after_take();
  void drop_spare();
  void notify_consumers();
  void arm_bell();

  std::uint64_t object_;
  std::weak_ptr<detail::object> keeper_;
  mailbox_control& control_;
  segment_cache put_segment_;  // guarded by the producers' lock
  segment_cache take_segment_; // guarded by the consumers' lock
  // What this process last saw of the other side, so that it need not touch the
  // other's cache line each time. What it stands for only grows, so an old
  // value only makes it look again.
  struct {
    std::uint64_t segment = ~std::uint64_t{0};
    std::uint64_t position = 0;
  } known_consumers_; // guarded by the producers' lock
  // How many messages were taken when waiting for consumers was in vain last;
  // guarded by the producers' lock.
  std::uint64_t stood_still_at_ = ~std::uint64_t{0};
  mutable std::atomic<std::uint64_t> known_put_{0};
  parcel_cache put_parcels_;
  parcel_cache take_parcels_;
  spinner put_spinner_;
  spinner take_spinner_;
  std::mutex bell_guard_; // of bell_
  doorbell bell_;
  std::atomic<bool> has_bell_{false}; // and it is to be rung
};

} // namespace ramet::detail
