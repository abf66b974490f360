// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "resp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <system_error>

namespace examples::kv {

namespace {

constexpr std::size_t read_size = std::size_t{16} << 10;
/// The longest header: a sign, and a number of up to 20 digits.
constexpr std::size_t header_size = 32;

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return std::nullopt;
}

/// What stands at `at` between double quotes, after a backslash; moves `at`
/// behind it.
char unescape(std::string_view line, std::size_t& at) {
  char c = line[at++];
  switch (c) {
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  case 'b':
    return '\b';
  case 'a':
    return '\a';
  case 'x':
    if (at + 1 < line.size()) {
      auto high = hex_digit(line[at]);
      auto low = hex_digit(line[at + 1]);
      if (high && low) {
        at += 2;
        return static_cast<char>(*high * 16 + *low);
      }
    }
    return c;
  default:
    return c;
  }
}

/// Takes one quoted argument, from behind its opening quote.
std::string unquote(std::string_view line, std::size_t& at) {
  char quote = line[at - 1];
  std::string result;
  while (at < line.size()) {
    char c = line[at++];
    if (c == quote) {
      if (at < line.size() && !is_space(line[at]))
        break;
      return result;
    }
    if (c == '\\' && at < line.size() && quote == '"')
      result += unescape(line, at);
    else if (c == '\\' && at < line.size() && line[at] == '\'')
      result += line[at++];
    else
      result += c;
  }
  throw protocol_error("Protocol error: unbalanced quotes in request");
}

} // namespace

// -- command_parser -----------------------------------------------------------

std::span<char> command_parser::prepare() {
  // What was understood goes, when little is left to be moved for it.
  auto left = end_ - begin_;
  if (begin_ >= left) {
    std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), left,
                buffer_.begin());
    at_ -= begin_;
    scanned_ = std::max(scanned_, begin_) - begin_;
    end_ -= begin_;
    begin_ = 0;
  }
  // Twice as much at most as has arrived, whatever a header announces.
  if (buffer_.size() - end_ < read_size / 2)
    buffer_.resize(std::max(end_ + read_size, end_ * 2));
  else if (left == 0 && buffer_.size() > read_size * 64) {
    buffer_.resize(read_size);
    buffer_.shrink_to_fit();
  }
  return std::span{buffer_}.subspan(end_);
}

void command_parser::commit(std::size_t bytes) {
  end_ += bytes;
}

std::optional<std::string_view> command_parser::take_line(std::size_t most) {
  std::string_view there{buffer_.data(), end_};
  scanned_ = std::max(scanned_, at_);
  auto found = there.find('\n', scanned_);
  scanned_ = std::min(found, end_);
  if (scanned_ - at_ > most)
    throw protocol_error("Protocol error: too big inline request");
  if (found == there.npos)
    return std::nullopt;
  auto line = there.substr(at_, found - at_);
  at_ = found + 1;
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  return line;
}

bool command_parser::read_header() {
  begin_ = at_;
  bytes_ = 0;
  places_.clear();
  inline_.clear();
  if (at_ == end_)
    return false;
  if (buffer_[at_] != '*') {
    auto line = take_line(most_.line);
    if (line)
      split_inline(*line);
    return line.has_value();
  }
  auto line = take_line(header_size);
  if (!line)
    return false;
  auto count = to_integer(line->substr(1));
  if (!count || *count > static_cast<std::int64_t>(most_.arguments))
    throw protocol_error("Protocol error: invalid multibulk length");
  expected_ = static_cast<std::size_t>(std::max<std::int64_t>(*count, 0));
  return true;
}

bool command_parser::read_arguments() {
  while (places_.size() < expected_) {
    if (!bulk_) {
      if (at_ < end_ && buffer_[at_] != '$')
        throw protocol_error(fmt::format(
            "Protocol error: expected '$', got '{}'",
            buffer_[at_] >= ' ' && buffer_[at_] <= '~' ? buffer_[at_] : '?'));
      auto line = take_line(header_size);
      if (!line)
        return false;
      auto size = to_integer(line->substr(1));
      if (!size || *size < 0
          || static_cast<std::uint64_t>(*size) > most_.bytes - bytes_)
        throw protocol_error("Protocol error: invalid bulk length");
      bulk_ = static_cast<std::size_t>(*size);
      bytes_ += *bulk_;
    }
    if (end_ - at_ < *bulk_ + 2)
      return false;
    if (buffer_[at_ + *bulk_] != '\r' || buffer_[at_ + *bulk_ + 1] != '\n')
      throw protocol_error("Protocol error: no line's end after an argument");
    places_.push_back({at_ - begin_, *bulk_});
    at_ += *bulk_ + 2;
    bulk_.reset();
  }
  return true;
}

void command_parser::split_inline(std::string_view line) {
  for (std::size_t at = 0;;) {
    while (at < line.size() && is_space(line[at]))
      ++at;
    if (at == line.size())
      return;
    auto& argument = inline_.emplace_back();
    while (at < line.size() && !is_space(line[at])) {
      char c = line[at++];
      if (c == '"' || c == '\'')
        argument += unquote(line, at);
      else
        argument += c;
    }
  }
}

std::optional<command_view> command_parser::next() {
  for (;;) {
    if (expected_ == 0 && !read_header())
      return std::nullopt;
    if (!read_arguments())
      return std::nullopt;
    expected_ = 0;
    now_.assign(inline_.begin(), inline_.end());
    for (const auto& [at, size] : places_)
      now_.emplace_back(buffer_.data() + begin_ + at, size);
    begin_ = at_;
    if (!now_.empty())
      return now_;
  }
}

// -- replies ------------------------------------------------------------------

namespace {

void append_number(std::string& out, char kind, std::int64_t value) {
  fmt::format_int digits{value};
  out += kind;
  out.append(digits.data(), digits.size());
  out += "\r\n";
}

} // namespace

void append_simple(std::string& out, std::string_view text) {
  out += '+';
  out += text;
  out += "\r\n";
}

void append_error(std::string& out, std::string_view text) {
  out += '-';
  std::ranges::transform(text, std::back_inserter(out), [](char c) {
    return static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  });
  out += "\r\n";
}

void append_integer(std::string& out, std::int64_t value) {
  append_number(out, ':', value);
}

void append_bulk(std::string& out, std::string_view bytes) {
  append_number(out, '$', static_cast<std::int64_t>(bytes.size()));
  out += bytes;
  out += "\r\n";
}

void append_nil(std::string& out) {
  out += "$-1\r\n";
}

void append_array(std::string& out, std::size_t elements) {
  append_number(out, '*', static_cast<std::int64_t>(elements));
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  auto end = text.data() + text.size();
  auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end)
    return std::nullopt;
  return value;
}

} // namespace examples::kv
