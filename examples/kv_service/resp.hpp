// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The protocol of Redis, version 2 (RESP2): reads commands, writes replies.
/// https://redis.io/docs/latest/develop/reference/protocol-spec/

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace examples::kv {

/// A command's name and its arguments.
using command_view = std::span<const std::string_view>;

/// The client does not speak the protocol; nothing after this point can be
/// understood. The text is for the client.
class protocol_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Finds commands in a stream of bytes that arrive in any pieces. Each byte is
/// looked at once, however small the pieces are, and memory is taken for what
/// has arrived, not for what was announced.
///
/// @code
/// command_parser parser;
/// auto space = parser.prepare();
/// parser.commit(socket.read_some(space));
/// while (auto command = parser.next())
///   run(*command);                        // views into the parser
/// @endcode
class command_parser {
public:
  /// The most that one command may have; who sends more is no client of ours.
  struct limits {
    std::size_t line = std::size_t{64} << 10; ///< bytes of an inline command
    std::size_t arguments = std::size_t{1} << 20;
    std::size_t bytes = std::size_t{64} << 20; ///< of all arguments
  };

  command_parser() = default;
  explicit command_parser(const limits& most) : most_(most) {}

  /// Room for the bytes that arrive next. Ends the life of all views.
  std::span<char> prepare();

  /// That many bytes have arrived there.
  void commit(std::size_t bytes);

  /// The next command when all of it is there, never an empty one. It lives
  /// until prepare() or next() is called.
  /// @throws protocol_error; after that the parser is of no more use
  std::optional<command_view> next();

private:
  struct place {
    std::size_t at; ///< from the command's first byte
    std::size_t size;
  };

  std::optional<std::string_view> take_line(std::size_t most);
  bool read_header();
  bool read_arguments();
  void split_inline(std::string_view line);

  limits most_;
  std::string buffer_;
  std::size_t end_ = 0;     ///< of what has arrived
  std::size_t begin_ = 0;   ///< of the command being read
  std::size_t at_ = 0;      ///< up to where it is understood
  std::size_t scanned_ = 0; ///< up to where no line's end was found

  std::size_t expected_ = 0;          ///< arguments; 0: the header comes next
  std::optional<std::size_t> bulk_;   ///< size of the argument being read
  std::size_t bytes_ = 0;             ///< of the arguments read or announced
  std::vector<place> places_;         ///< of the arguments read
  std::vector<std::string> inline_;   ///< arguments without their quotes
  std::vector<std::string_view> now_; ///< what next() has given out
};

// -- Replies, each appended to `out` ------------------------------------------

void append_simple(std::string& out, std::string_view text);
/// Begins with a word in capitals, as "ERR". Line breaks become spaces.
void append_error(std::string& out, std::string_view text);
void append_integer(std::string& out, std::int64_t value);
void append_bulk(std::string& out, std::string_view bytes);
void append_nil(std::string& out);
/// That many replies follow, which are the array's elements.
void append_array(std::string& out, std::size_t elements);

/// The whole of `text` as a number in decimal, as Redis takes it.
std::optional<std::int64_t> to_integer(std::string_view text);

} // namespace examples::kv
