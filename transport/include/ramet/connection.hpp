// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// One end of a pipe.

#pragma once

#include <ramet/codec.hpp>
#include <ramet/detail/overloads.hpp>
#include <ramet/detail/pipe_side.hpp>
#include <ramet/detail/waitable.hpp>
#include <ramet/error.hpp>
#include <ramet/message_view.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace ramet {

/// Sends and receives values of any serializable types, in order.
///
/// @code
/// void talker(ramet::connection pipe) {
///   pipe.send(person{"Bob", 42});
///   auto reply = pipe.recv<std::set<std::string>>();
/// }
/// @endcode
///
/// An end has one owner: it is moved, into a child or through another pipe or
/// queue (`send(std::move(end))`); what is waiting in it moves along. Using an
/// end that is gone throws `closed`.
///
/// When the other owner closes its end, exits or is killed, receiving goes on
/// until the pipe is drained and then throws `closed`; sending throws `closed`
/// at once. A process killed while sending leaves no part of a message.
///
/// Thread-safe, but for moving and destroying the connection itself.
class connection {
public:
  static constexpr bool is_ramet_handle = true;

  /// Owns no end: every verb throws `closed`.
  connection() = default;
  connection(connection&&) noexcept = default;
  connection& operator=(connection&&) noexcept = default;
  explicit connection(detail::pipe_side side) : side_(std::move(side)) {}

  // -- sending ----------------------------------------------------------------

  /// Sends one value, or several as one message. Waits while the pipe is full.
  /// @throws error closed, resource_exhausted; nothing was sent then
  template <class... Ts>
  void send(Ts&&... values) {
    put<Ts...>("send", detail::deadline::never(), values...);
  }
  /// Like send, but false instead of waiting when the pipe is full.
  template <class... Ts>
  bool try_send(Ts&&... values) {
    return put<Ts...>("try_send", detail::deadline::now(), values...);
  }
  /// Like send, but false when there was no room for so long.
  template <class Rep, class Period, class... Ts>
  bool send_for(std::chrono::duration<Rep, Period> time, Ts&&... values) {
    return put<Ts...>("send_for", detail::deadline::in(time), values...);
  }
  /// Sends bytes as they are. @throws as send
  void send_bytes(std::span<const std::byte> bytes);

  // -- receiving --------------------------------------------------------------

  /// Waits for the next message and returns its value (a tuple of several).
  /// @throws error type_mismatch when it is of other types (it stays where it
  ///   is), closed when none will come, protocol when it is damaged (it is
  ///   dropped)
  template <class... Ts>
  detail::decoded_t<Ts...> recv() {
    return *take<Ts...>("recv", detail::deadline::never());
  }
  /// Like recv, but nothing instead of waiting.
  template <class... Ts>
  std::optional<detail::decoded_t<Ts...>> try_recv() {
    return take<Ts...>("try_recv", detail::deadline::now());
  }
  /// Like recv, but nothing when no message came for so long.
  template <class... Ts, class Rep, class Period>
  std::optional<detail::decoded_t<Ts...>>
  recv_for(std::chrono::duration<Rep, Period> time) {
    return take<Ts...>("recv_for", detail::deadline::in(time));
  }
  /// Waits for the next message and calls the handler whose parameters have
  /// its types; returns what that returns.
  /// @throws error type_mismatch when there is no such handler; else as recv
  template <class... Handlers>
  detail::common_result_t<Handlers...> receive(Handlers&&... handlers);

  /// Waits for bytes sent by send_bytes. @throws as recv
  std::vector<std::byte> recv_bytes();
  /// Copies them into `buffer` and returns how many there were.
  /// @throws error full when the buffer is too small (the message stays); else
  ///   as recv
  std::size_t recv_bytes(std::span<std::byte> buffer);
  std::optional<std::vector<std::byte>> try_recv_bytes();
  template <class Rep, class Period>
  std::optional<std::vector<std::byte>>
  recv_bytes_for(std::chrono::duration<Rep, Period> time) {
    return take_bytes("recv_bytes_for", detail::deadline::in(time));
  }
  /// Like recv_bytes, but without a copy: a large message is mapped as the
  /// sender wrote it, and its memory goes back to the pipe with the last copy
  /// of the view. (One that lies inside the pipe is copied.) @throws as recv
  message_view recv_view();

  // -- state ------------------------------------------------------------------

  /// True when receiving would not wait: a message is there, or none will come.
  bool poll() const { return side_.ready(); }
  /// Waits so long for that.
  template <class Rep, class Period>
  bool poll_for(std::chrono::duration<Rep, Period> time) const {
    return wait_ready(detail::deadline::in(time));
  }
  /// Gives the end up; the other end drains. Does not wait. May be repeated.
  void close() noexcept { side_.close(); }
  bool closed() const { return !side_.owned(); }

  /// For poll, epoll and event loops: readable while poll() is true. Made at
  /// the first call; owned by the connection. Receive until try_recv() gives
  /// nothing before polling it again.
  /// @throws error closed, resource_exhausted
  native_handle_type native_handle() const { return side_.native_handle(); }

private:
  friend struct detail::handle_access;
  explicit connection(detail::object_ref ref) : side_(ref) {}
  detail::object_ref ref() const { return side_.ref(); }
  detail::waitable waitable() const;

  template <class... Given, class... Ts>
  bool put(const char* verb, detail::deadline until, const Ts&... values) {
    static_assert(
        ((!std::is_lvalue_reference_v<
              Given> || std::is_copy_constructible_v<Ts> || std::is_array_v<Ts>)&&...),
        "ramet: a value with one owner must be moved: send(std::move(x))");
    std::tuple<const Ts&...> pack{values...};
    return put_message(verb, detail::make_outgoing_pack(pack), until);
  }

  template <class... Ts>
  std::optional<detail::decoded_t<Ts...>> take(const char* verb,
                                               detail::deadline until) {
    static_assert(sizeof...(Ts) > 0, "ramet: say what to receive: recv<T>()");
    std::optional<detail::decoded_t<Ts...>> result;
    take_message(verb, detail::type_id_of<Ts...>(), until,
                 [&](const detail::incoming& message) {
                   result.emplace(detail::decode_message<Ts...>(message));
                   return detail::verdict::consume;
                 });
    return result;
  }

  bool put_message(const char* verb, const detail::outgoing& message,
                   detail::deadline until);
  /// Throws on a mismatch or when closed; false when the time ran out.
  bool take_message(const char* verb, const detail::type_info& expected,
                    detail::deadline until, detail::receiver receive);
  std::optional<std::vector<std::byte>> take_bytes(const char* verb,
                                                   detail::deadline until);
  bool wait_ready(detail::deadline until) const;
  [[noreturn]] void throw_closed(const char* verb) const;
  [[noreturn]] static void throw_mismatch(const char* verb,
                                          std::string_view expected,
                                          std::uint64_t found);

  detail::pipe_side side_;
};

template <class... Handlers>
detail::common_result_t<Handlers...>
connection::receive(Handlers&&... handlers) {
  detail::overloads<std::remove_reference_t<Handlers>...> choice{handlers...};
  std::uint64_t found = 0;
  bool decoded = false;
  auto status = side_.take(
      [&](const detail::incoming& message) {
        found = message.type;
        decoded = choice.decode(message);
        return decoded ? detail::verdict::consume : detail::verdict::leave;
      },
      detail::deadline::never());
  if (status == detail::take_status::closed)
    throw_closed("receive");
  if (!decoded)
    throw_mismatch("receive", choice.names(), found);
  return choice.call(); // after the message is out: it may use this connection
}

} // namespace ramet
