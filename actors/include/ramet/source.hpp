// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Queues and connections as mailboxes of actors.

#pragma once

#include <ramet/actor_system.hpp>
#include <ramet/detail/caf_compat.hpp>
#include <ramet/detail/inlet.hpp>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace ramet {

/// Sent to the actor behind the last item, if source_options say so.
struct end_of_source {
  friend bool operator==(const end_of_source&, const end_of_source&) = default;
};

/// The last argument of `feed`, in braces.
struct source_options {
  /// How many items may be with the actor, not yet answered, at a time; at
  /// least 1. The others stay where they are: a bounded queue pushes back,
  /// other consumers get their share.
  std::size_t window = 16;
  /// Send the actor an end_of_source when the queue or the pipe is closed and
  /// drained.
  bool announce_end = false;
  /// Told of each item that the actor answered with an error, that was lost
  /// with it, or that was damaged; and why a source gave up. Called by a thread
  /// of the library, one call at a time, and perhaps still when the source has
  /// ended: let it capture by value what it uses. Must not throw. Not set: only
  /// the source's own troubles are told, on stderr.
  std::function<void(const caf::error&)> on_error = {};
};

namespace detail {

class source_core;

std::shared_ptr<source_core> start_source(std::unique_ptr<inlet> from,
                                          caf::strong_actor_ptr to,
                                          source_options options,
                                          bool accepts_end);

template <class Handle>
inline constexpr bool is_actor_handle = std::is_same_v<Handle, caf::actor>;
template <class... Signatures>
inline constexpr bool is_actor_handle<caf::typed_actor<Signatures...>> = true;

/// Whether such an actor may be sent a T.
template <class Handle, class T>
struct accepts : std::true_type {};
template <class... Signatures, class T>
struct accepts<caf::typed_actor<Signatures...>, T>
    : std::bool_constant<
          caf_compat::response_to<caf::typed_actor<Signatures...>, T>::valid> {
};

template <class Handle, class T>
consteval void require_feedable() {
  static_assert(is_actor_handle<Handle>,
                "ramet: what is fed must be an actor: a caf::actor or a typed "
                "handle");
  static_assert(std::is_copy_constructible_v<T>,
                "ramet: an item that becomes a message must be copyable");
  static_assert(message_value<T>,
                "ramet: items of this type cannot stand in messages of actors");
  static_assert(accepts<Handle, T>::value,
                "ramet: this actor's interface has no handler for an item of "
                "this type");
}

} // namespace detail

/// Takes items out of a queue, or messages out of a connection, and sends them
/// to an actor, in whatever process that is.
///
/// @code
/// ramet::queue<order> orders{{.maxsize = 100}};
/// ramet::source s = ramet::feed(orders, shop);       // shop: a caf::actor
/// ramet::source t = ramet::feed<order, text>(std::move(pipe_end), shop);
/// orders.close();
/// s.join();                                          // shop has them all
/// @endcode
///
/// The items come in their order, each as a request that nobody waits for: when
/// the actor is done with it (its handler has returned, or what it promised is
/// delivered) there is room for another, whatever the answer is, also an error.
/// At most `window` items are with the actor at a time.
///
/// A source runs in the process that made it; all of them share one thread,
/// which sleeps while there is nothing to do. It ends:
/// - when the queue, or the other end of the pipe, is closed, all items are
///   taken and the actor has answered them;
/// - when the actor ends, or its process does, however: what was with the actor
///   is lost (`window` items at most), all others stay in the queue, and a
///   source made for the same handle afterwards takes none. Behind the handle
///   of a supervised actor it waits for the next one, until the supervisor
///   gives up;
/// - by stop(), the destructor, or with its process: what is with the actor is
///   still dealt with there;
/// - when the pipe brings a message of another type.
///
/// A blocking actor that answers with caf::sec::request_receiver_down, or drops
/// a promise, gets nothing more: it cannot be asked whether it is still there.
///
/// The queue's handle and the connection's end are let go of then; whoever
/// sends on the other end is told `closed`.
///
/// The object owns the source: its destructor stops it. Members throw `error`
/// with errc::closed on a default-made, moved-from or detached one.
/// Thread-safe, but for moving, detaching and destroying.
class source {
public:
  source() = default;
  explicit source(std::shared_ptr<detail::source_core> core)
      : core_(std::move(core)) {}
  source(source&& other) noexcept = default;
  source& operator=(source&& other) noexcept;
  /// Stops it, and waits a second at most until it has ended.
  ~source();

  /// Has it take no more; one item may just be on its way. Does not wait:
  /// nothing is taken any more when join() has returned. May be repeated.
  void stop();
  /// True when nothing is taken any more, for whichever reason above. Never
  /// waits.
  bool ended() const;

  /// Waits until it has ended. In an actor, this blocks it.
  void join();
  bool try_join() { return ended(); }
  /// False when it has not ended for so long.
  template <class Rep, class Period>
  bool join_for(std::chrono::duration<Rep, Period> time) {
    return wait("join_for", detail::deadline::in(time));
  }

  /// Lets it go on without this object, as long as the process lives.
  void detach();

private:
  bool wait(const char* verb, detail::deadline until);
  detail::source_core& core(const char* verb) const;

  std::shared_ptr<detail::source_core> core_;
};

/// Makes an actor a consumer of a queue, beside any others: each item becomes a
/// message of its type. (An item that is a caf::message becomes that message.)
/// @throws error closed when the actor's handle is empty, type_mismatch when an
///   end is to be announced that the actor's interface does not know,
///   protocol (no runtime, or it has ended), resource_exhausted
template <class T, class Handle>
source feed(queue<T> from, const Handle& to, source_options options = {}) {
  detail::require_feedable<Handle, T>();
  return source{detail::start_source(
      std::make_unique<detail::queue_inlet<T>>(std::move(from)),
      caf::actor_cast<caf::strong_actor_ptr>(to), std::move(options),
      detail::accepts<Handle, end_of_source>::value)};
}

/// Hands all that comes out of a connection to an actor: messages of one value,
/// of the types given. @throws as above; protocol also when this end only
///   sends, closed also when it is none. The connection is gone then.
template <class... Ts, class Handle>
source feed(connection&& from, const Handle& to, source_options options = {}) {
  static_assert(sizeof...(Ts) > 0,
                "ramet: say what comes out of the connection: feed<T>(...)");
  (detail::require_feedable<Handle, Ts>(), ...);
  return source{detail::start_source(
      std::make_unique<detail::pipe_inlet<Ts...>>(std::move(from)),
      caf::actor_cast<caf::strong_actor_ptr>(to), std::move(options),
      detail::accepts<Handle, end_of_source>::value)};
}

} // namespace ramet
