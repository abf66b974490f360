// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Files, sockets and other descriptors, in messages to other processes.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/native_handle.hpp>
#include <ramet/detail/waitable.hpp>

#include <memory>

namespace ramet {

namespace detail {
class shared_descriptor;
}

/// Owns a descriptor of the operating system, of whatever kind: a socket, file,
/// pipe, eventfd, memfd, pidfd. It travels through pipes, queues, pools, start
/// arguments and messages to actors; who receives it has a descriptor of its
/// own for the same open file.
///
/// @code
/// void serve(ramet::queue<ramet::handle> connections) {
///   for (auto& one : connections) answer(one.native_handle());
/// }
/// ramet::queue<ramet::handle> connections;
/// ramet::process worker{serve, connections};
/// connections.put(ramet::handle::adopt(::accept(listener, nullptr, nullptr)));
/// // With Asio: handle::adopt(socket.release()) there, and here
/// // socket.assign(tcp::v4(), one.release());
/// @endcode
///
/// A value: copies share the descriptor, which is closed with the last of them,
/// or by `close`. Sending copies, too: the open file itself is closed when
/// sender, receivers and unread messages have all let go of it. So let go of
/// the handle of a connection that was handed on (a temporary does), or the
/// peer does not see the receiver close it.
///
/// A descriptor on its way does not depend on its sender, which may end or be
/// killed at once: until it is received, the topmost ancestor of the sender
/// keeps it (mostly the family's first process; its limit of open files must
/// have room). If that process is gone, whoever receives gets `closed`. A
/// message that is dropped unread closes what is in it. If the receiver has no
/// room for another descriptor, it gets `resource_exhausted`, and a message in
/// a queue or pipe stays where it is.
///
/// Thread-safe, but that `close` and `release` must not meet another thread's
/// use of `native_handle`. What is received is closed on exec.
class handle {
public:
  static constexpr bool is_ramet_handle = true;

  /// Holds nothing, and cannot be sent.
  handle() = default;

  /// Takes over a descriptor, also if it throws.
  /// @throws error os_failure when it is not open
  static handle adopt(native_handle_type descriptor);
  /// Makes one of its own for the same open file; the given one stays the
  /// caller's.
  /// @throws error os_failure when it is not open, resource_exhausted
  static handle duplicate(native_handle_type descriptor);

  /// The descriptor; stays ours.
  /// @throws error closed when there is none
  native_handle_type native_handle() const;
  /// Gives the descriptor away: the caller closes it. Copies in this process
  /// then hold nothing; what was sent arrives. @throws as native_handle
  native_handle_type release();
  /// Closes it, for all copies in this process, or does nothing. What was sent
  /// arrives.
  void close() noexcept;
  /// Is there one?
  explicit operator bool() const noexcept;

private:
  friend struct detail::handle_access;
  explicit handle(detail::object_ref ref);
  detail::object_ref ref() const;
  void make_ready() const;
  detail::waitable waitable() const;
  detail::shared_descriptor& use(const char* operation) const;

  std::shared_ptr<detail::shared_descriptor> shared_;
};

} // namespace ramet
