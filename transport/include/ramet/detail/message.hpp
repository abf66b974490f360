// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What travels through a mailbox: typed bytes, and the shared objects that
/// they refer to. The codec fills it, the mailbox moves it.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace ramet::detail {

/// What a shared object of the family is; kept in its header.
enum class object_kind : std::uint32_t {
  none,
  process,
  mailbox,
  pipe,
  mutex,
  parcel,
  block, ///< plain memory; what it means, its users know
  last_will,
  shared_memory,
  shared_mutex,
  semaphore,
  condition_variable,
  event,
  barrier,
  latch,
  descriptor,
};

/// Names one shared object of the family inside a message.
struct object_ref {
  std::uint64_t object = 0;
  object_kind kind = object_kind::none;
  std::uint32_t part = 0; ///< Of a pipe: which end.

  friend bool operator==(const object_ref&, const object_ref&) = default;
};

/// A message about to be written. `write` is called once, with exactly `size`
/// bytes and `refs` references to fill; it may throw, and then the message was
/// never sent.
struct outgoing {
  std::uint64_t type = 0; ///< Identity of the type; see type_id.hpp.
  std::size_t size = 0;
  std::size_t refs = 0;
  const void* value = nullptr;
  void (*write)(const void* value, std::span<std::byte> bytes,
                std::span<object_ref> refs) = nullptr;
};

/// A message in place, valid only inside the callback that receives it.
struct incoming {
  std::uint64_t type = 0;
  std::span<const std::byte> bytes;
  std::span<const object_ref> refs;
  /// Keeps the bytes of an out-of-line message mapped for whoever copies it;
  /// empty for a message inside the ring.
  std::shared_ptr<const void> storage;
  /// Which one of its mailbox it is, counted from 1.
  std::uint64_t number = 0;
};

/// Until when a verb waits.
struct deadline {
  std::chrono::steady_clock::time_point at;

  static deadline never() {
    return {std::chrono::steady_clock::time_point::max()};
  }
  static deadline now() {
    return {std::chrono::steady_clock::time_point::min()};
  }
  template <class Rep, class Period>
  static deadline in(std::chrono::duration<Rep, Period> time) {
    using clock = std::chrono::steady_clock;
    if (time <= time.zero())
      return now();
    auto start = clock::now();
    // Compared as floating seconds: a huge duration must not overflow.
    if (std::chrono::duration<double>(time)
        > std::chrono::duration<double>(clock::time_point::max() - start) / 2)
      return never();
    return {start + std::chrono::ceil<clock::duration>(time)};
  }
  /// By any clock, however far away or past.
  template <class Clock, class Duration>
  static deadline of(std::chrono::time_point<Clock, Duration> time) {
    using seconds = std::chrono::duration<double>; // does not overflow
    auto now = Clock::now();
    auto left =
        seconds(time.time_since_epoch()) - seconds(now.time_since_epoch());
    // The difference itself only where it fits, and is not lost in rounding.
    if (left < -std::chrono::hours{1})
      return deadline::now();
    if (left > std::chrono::years{100})
      return never();
    return time <= now ? deadline::now() : in(time - now);
  }
  bool is_never() const { return *this == never(); }
  bool is_now() const { return *this == now(); }

  friend bool operator==(const deadline&, const deadline&) = default;
};

/// The one door through which the codec and wait reach into handle types
/// (queue, connection, mutex, ...). A handle type befriends it and has
/// `object_ref ref() const` and a constructor from `object_ref` that adopts the
/// object out of a message.
struct handle_access {
  template <class Handle>
  static object_ref ref(const Handle& handle) {
    return handle.ref();
  }
  template <class Handle>
  static Handle adopt(object_ref ref) {
    return Handle{ref};
  }
  /// Has `void make_ready() const`: called before a message with it is written.
  template <class Handle>
  static constexpr bool is_made_ready = requires(const Handle& handle) {
    handle.make_ready();
  };
  template <class Handle>
  static void make_ready(const Handle& handle) {
    handle.make_ready();
  }
  /// What ramet::wait sees of it, for those that can be waited for.
  template <class Thing>
  requires requires(const Thing& thing) { thing.waitable(); }
  static auto waitable(const Thing& thing) { return thing.waitable(); }
};

/// A shared object's handle: travels in messages by reference.
template <class T>
concept handle_type = T::is_ramet_handle;

} // namespace ramet::detail
