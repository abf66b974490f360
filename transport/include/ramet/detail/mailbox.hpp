// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The mailbox as queue, connection and process see it: type-erased messages
/// in, type-erased messages out.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/native_handle.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace ramet::detail {

enum class put_status { done, timed_out, closed };
enum class take_status { done, timed_out, closed };

/// What a receiver says of the message that it was shown.
enum class verdict {
  consume, ///< read: take it out
  leave,   ///< not wanted now: it stays first in line
};

/// A non-owning reference to a callable `verdict(const incoming&)`.
class receiver {
public:
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, receiver>) receiver(F&& f)
      : object_(const_cast<void*>(static_cast<const void*>(&f))),
        call_([](void* object, const incoming& message) {
          return (*static_cast<std::remove_reference_t<F>*>(object))(message);
        }) {}

  verdict operator()(const incoming& message) const {
    return call_(object_, message);
  }

private:
  void* object_;
  verdict (*call_)(void*, const incoming&);
};

/// A non-owning reference to a callable `bool()`.
class predicate {
public:
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, predicate>) predicate(F&& f)
      : object_(const_cast<void*>(static_cast<const void*>(&f))),
        call_([](void* object) -> bool {
          return (*static_cast<std::remove_reference_t<F>*>(object))();
        }) {}

  bool operator()() const { return call_(object_); }

private:
  void* object_;
  bool (*call_)(void*);
};

/// Where a message was put; see mailbox::revoke().
struct receipt {
  std::uint64_t number = 0; ///< counted from 1; 0: none
  std::uint64_t segment = 0;
  std::uint64_t position = 0;
};

/// Figures of a mailbox, readable while others use it.
struct mailbox_stats {
  std::uint64_t messages_put = 0;
  std::uint64_t messages_taken = 0;
  std::uint64_t bytes_put = 0;
  std::uint64_t peak_depth = 0;
};

class mailbox_core;

/// A FIFO of messages that any process of the family can put into and take
/// from. A handle: copies share the mailbox. Thread-safe.
///
/// A message becomes visible, or consumed, by one atomic store; a process
/// killed at any instruction loses at most the message that it was itself
/// writing, or had already taken.
class mailbox {
public:
  mailbox() = default; ///< no mailbox
  // Moving copies: a handle that was moved from is still one.
  mailbox(const mailbox&) = default;
  mailbox& operator=(const mailbox&) = default;
  /// Makes an unbounded mailbox; at most `maxsize` messages if not 0.
  static mailbox create(std::size_t maxsize = 0);
  /// Opens the mailbox that a message (or a start page) refers to.
  /// @throws error closed when it is gone
  static mailbox open(object_ref ref);

  object_ref ref() const;
  explicit operator bool() const { return core_ != nullptr; }

  /// Waits for room until `until`. Never partly done: after an exception from
  /// `message.write` nothing was sent. Fills `where`, if given.
  /// @throws error resource_exhausted
  put_status put(const outgoing& message, deadline until,
                 receipt* where = nullptr);

  /// Takes back a message that was put here and that nobody has taken: nobody
  /// will. Until consumers come to its place it counts in size(). False if
  /// somebody has it, or until then was taking one.
  bool revoke(const receipt& which, deadline until = deadline::never());
  /// Calls `what`, which must be quick; while it runs nobody takes a message,
  /// and what the dead have left half done is done. False: until then somebody
  /// was taking one, and `what` was not called.
  bool with_takers_stopped(predicate what, deadline until);
  /// How many messages were taken so far, revoked ones included.
  std::uint64_t messages_taken() const;

  /// Waits for a message until `until` and shows it to `receive`, in place.
  /// When `receive` throws, the message is dropped and the exception passed
  /// on. `closed` only after the mailbox is closed and drained.
  take_status take(receiver receive, deadline until);
  /// The same, but shows the message to `first` before: until that returns,
  /// killing us leaves the message where it is, whatever handles it carries. So
  /// `first` may write down who is about to have it. What it leaves, stays.
  take_status take(receiver first, receiver receive, deadline until);
  /// Takes what is there, up to `most` messages, without waiting: others are
  /// kept from reading once for all of them. Stops at one that `receive`
  /// leaves. Returns how many were taken. When `receive` throws, it is as with
  /// take(); those before it are taken.
  std::size_t take_some(receiver receive, std::size_t most);

  /// True when take() would not wait: a message is there, or it is closed.
  bool ready() const;

  /// For a mailbox that several threads of one process read, and nobody else:
  /// true when ready() or `also()` is, for which it may spin a little. While a
  /// thread searches, puts wake none that is parked; so whoever finds more than
  /// it takes wakes another.
  bool search(predicate also);
  /// Sleeps until ready(), or `also()`, or `until`; true for the first two.
  bool park(predicate also, deadline until);
  /// Wakes one who is parked here or in take(), or all; they look again.
  void wake_one();
  void wake_all();

  std::size_t size() const;
  std::size_t maxsize() const;
  bool closed() const;
  /// Consumers drain what is there, producers see `closed` at once.
  void close();
  mailbox_stats stats() const;

  /// Readable (level-triggered) while ready(); made at the first call, then
  /// the same. Owned by the mailbox, valid as long as a handle of this process
  /// lives.
  native_handle_type native_handle();
  /// Makes the native handle unreadable until the mailbox is ready again.
  void rearm();
  /// For when this process comes to sleep in take() or park(): until the native
  /// handle is asked for again, it says nothing, and putting costs no system
  /// call for it.
  void stop_ringing();

  /// How many taken messages were reported done; see queue::task_done.
  void task_done();
  /// Waits until every message put was reported done. False: timed out.
  bool join(deadline until);

private:
  explicit mailbox(std::shared_ptr<mailbox_core> core)
      : core_(std::move(core)) {}

  std::shared_ptr<mailbox_core> core_;
};

} // namespace ramet::detail
