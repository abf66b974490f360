// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The near ends of the pipes that are another process's standard streams.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/native_handle.hpp>
#include <ramet/detail/waitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ramet {

namespace detail {

/// One end of a pipe, whichever.
class byte_end;

/// The near ends of a process's standard streams, those that are there.
struct standard_pipes;

} // namespace detail

/// Reads what another process writes to its standard output or error.
///
/// @code
/// ramet::byte_reader& out = p.standard_output();
/// for (std::string part = out.read(); !part.empty(); part = out.read())
///   std::cout << part;
/// @endcode
///
/// Bytes come as they were written, binary or text. The end comes when the
/// process, and all those that it gave the stream to, have ended or closed it;
/// what a killed process had written is delivered first. A pipe holds 64 KiB:
/// then a process that writes waits until somebody reads. When the reader is
/// closed it gets SIGPIPE, which ends it, or EPIPE.
///
/// Movable only. Threads take turns, one call after another; moving and closing
/// are not synchronised with other calls. The functions that read throw `error`
/// closed on a moved-from, closed or released reader.
class byte_reader {
public:
  /// A closed one.
  byte_reader() = default;
  byte_reader(byte_reader&& other) noexcept = default;
  byte_reader& operator=(byte_reader&& other) noexcept;
  /// Closes it.
  ~byte_reader();

  /// Waits until there are bytes, and returns those that are there, 64 KiB at
  /// most. Empty: the end.
  std::string read() { return *read_until(detail::deadline::never()); }
  /// Nothing if there are no bytes yet; empty at the end.
  std::optional<std::string> try_read() {
    return read_until(detail::deadline::now());
  }
  /// Waits at most so long.
  template <class Rep, class Period>
  std::optional<std::string> read_for(std::chrono::duration<Rep, Period> time) {
    return read_until(detail::deadline::in(time));
  }

  /// Waits until there are bytes, and puts as many as are there and have room
  /// into `room`. Their number; 0: the end, or no room.
  std::size_t read_into(std::span<std::byte> room);

  /// Waits for the end, and returns all until then.
  std::string read_all();

  /// Gives the reader up. Does nothing if it is closed.
  void close() noexcept;
  bool is_open() const noexcept;

  /// Readable when read() would not wait, for poll, epoll or asio; so can
  /// ramet::wait use the reader. In non-blocking mode. Owned by the reader.
  native_handle_type native_handle() const;
  /// Hands it over: the caller closes it.
  native_handle_type release();

private:
  friend struct detail::handle_access;
  friend struct detail::standard_pipes;
  explicit byte_reader(std::shared_ptr<detail::byte_end> end)
      : end_(std::move(end)) {}

  std::optional<std::string> read_until(detail::deadline until);
  detail::waitable waitable() const;

  std::shared_ptr<detail::byte_end> end_;
};

/// Writes what another process reads from its standard input.
///
/// @code
/// p.standard_input().write("three lines\nto\nsort\n");
/// p.standard_input().close(); // there it is the end of the input
/// @endcode
///
/// A pipe holds 64 KiB: then write() waits until the process reads. When the
/// process has ended, or closed its input, functions throw `error` closed; no
/// SIGPIPE comes of it. What was written and not read is gone with the process.
///
/// Movable only. Threads take turns, one call after another; moving and closing
/// are not synchronised with other calls. The functions that write throw
/// `error` closed on a moved-from, closed or released writer, too.
class byte_writer {
public:
  /// A closed one.
  byte_writer() = default;
  byte_writer(byte_writer&& other) noexcept = default;
  byte_writer& operator=(byte_writer&& other) noexcept;
  /// Closes it.
  ~byte_writer();

  /// Waits until all is written. If that fails, a part may have been.
  void write(std::string_view bytes) {
    write_until(bytes, detail::deadline::never());
  }
  void write(std::span<const std::byte> bytes) { write(as_text(bytes)); }
  /// Writes as much as there is room for now. Returns how many bytes.
  std::size_t try_write(std::string_view bytes) {
    return write_until(bytes, detail::deadline::now());
  }
  /// Waits at most so long. Returns how many bytes are written.
  template <class Rep, class Period>
  std::size_t write_for(std::chrono::duration<Rep, Period> time,
                        std::string_view bytes) {
    return write_until(bytes, detail::deadline::in(time));
  }

  /// Ends the other process's input. Does nothing if it is closed.
  void close() noexcept;
  bool is_open() const noexcept;

  /// Writable when there is room, for poll, epoll or asio. In non-blocking
  /// mode. Owned by the writer. (Who writes to it directly may get SIGPIPE.)
  native_handle_type native_handle() const;
  /// Hands it over: the caller closes it.
  native_handle_type release();

private:
  friend struct detail::standard_pipes;
  explicit byte_writer(std::shared_ptr<detail::byte_end> end)
      : end_(std::move(end)) {}

  static std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::size_t write_until(std::string_view bytes, detail::deadline until);

  std::shared_ptr<detail::byte_end> end_;
};

namespace detail {

struct standard_pipes {
  byte_writer input;
  byte_reader output;
  byte_reader error;

  static byte_reader reader(std::shared_ptr<byte_end> end) {
    return byte_reader{std::move(end)};
  }
  static byte_writer writer(std::shared_ptr<byte_end> end) {
    return byte_writer{std::move(end)};
  }
  template <class Stream>
  static bool was_made(const Stream& one) {
    return one.end_ != nullptr;
  }
  /// For functions that serve several at a time.
  static byte_end* end_of(const byte_reader& one) { return one.end_.get(); }
  static byte_end* end_of(const byte_writer& one) { return one.end_.get(); }
};

} // namespace detail

} // namespace ramet
