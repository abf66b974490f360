// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Counts words as `wc -w` of GNU coreutils 9.1 does in the same locale. Used
/// by the example wordcount; nothing here knows of processes.

#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <cwchar>
#include <cwctype>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace examples {

using word_table = std::unordered_map<std::string, std::uint64_t>;

/// A part of a file, in bytes. The words that belong to it are those after the
/// first white space in it, up to the first white space behind it: so pieces
/// that cover a file have each of its words once.
struct piece {
  static constexpr auto to_the_end = std::numeric_limits<std::uint64_t>::max();

  std::string path;
  std::uint64_t begin = 0;
  std::uint64_t end = to_the_end;
};

/// Adds up the words of any number of pieces.
///
/// White space ends a word. What stands between is a word if there is at least
/// one printable character in it; bytes that are no characters at all (binary
/// files have them) neither make a word nor end one. Which characters are white
/// space or printable is the locale's affair: std::setlocale first.
class word_counter {
public:
  std::uint64_t words = 0;
  std::uint64_t files = 0; ///< whose first piece was counted
  /// How often each word was there. Words longer than `longest` bytes are
  /// counted, but are not in the table.
  word_table table;
  /// What could not be read, and why.
  std::vector<std::string> problems;

  void count(const piece& part) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{
        std::fopen(part.path.c_str(), "rb"), std::fclose};
    if (!file)
      return problem(part);
    std::setvbuf(file.get(), nullptr, _IONBF, 0); // the buffer is ours
    bool first = part.begin == 0;
    auto from = first ? 0 : find_space(*file, part.begin, part.end);
    if (from < part.end)
      count_range(*file, from, find_space(*file, part.end, part.to_the_end));
    if (std::ferror(file.get()))
      return problem(part);
    files += first;
  }

private:
  static constexpr std::size_t longest = 256;

  static bool is_graphic(unsigned char c) { return c > 0x20 && c < 0x7f; }
  static bool is_space(unsigned char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }
  /// These are printable to the C library, yet wc counts them as white space.
  static bool is_no_break_space(wchar_t c) {
    return c == 0xa0 || c == 0x2007 || c == 0x202f || c == 0x2060;
  }

  void problem(const piece& part) {
    if (part.begin == 0) // once a file
      problems.push_back(part.path + ": " + std::strerror(errno));
  }

  /// Position of the first white space in [from, to), else `to`.
  std::uint64_t find_space(std::FILE& file, std::uint64_t from,
                           std::uint64_t to) {
    if (from == piece::to_the_end)
      return from;
    std::fseek(&file, static_cast<long>(from), SEEK_SET);
    while (from < to) {
      auto size = std::fread(buffer_.data(), 1, 4096, &file);
      if (size == 0)
        return to;
      auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(size);
      auto space = std::find_if(buffer_.begin(), end, is_space);
      from += static_cast<std::uint64_t>(space - buffer_.begin());
      if (space != end)
        break;
    }
    return std::min(from, to);
  }

  void count_range(std::FILE& file, std::uint64_t from, std::uint64_t to) {
    std::fseek(&file, static_cast<long>(from), SEEK_SET);
    std::size_t kept = 0; // bytes of a character that the last block cut
    while (from < to) {
      auto room = std::min<std::uint64_t>(buffer_.size() - kept, to - from);
      auto size = std::fread(buffer_.data() + kept, 1, room, &file);
      if (size == 0)
        break;
      from += size;
      std::string_view block{buffer_.data(), kept + size};
      kept = feed(block);
      std::copy(block.end() - kept, block.end(), buffer_.begin());
    }
    end_word();
  }

  /// Returns how many bytes at the end wait for the rest of a character.
  std::size_t feed(std::string_view text) {
    const char* at = text.data();
    const char* end = at + text.size();
    while (at != end) {
      if (auto stop = std::find_if_not(at, end, is_graphic); stop != at) {
        printable_ = true;
        add(at, stop);
        at = stop;
      } else if (is_space(*at)) {
        end_word();
        ++at;
      } else {
        std::mbstate_t fresh{};
        wchar_t wide = 0;
        auto left = static_cast<std::size_t>(end - at);
        auto size = std::mbrtowc(&wide, at, left, &fresh);
        if (size == static_cast<std::size_t>(-2))
          return left;
        if (size == static_cast<std::size_t>(-1) || size == 0) {
          size = 1; // no character, or the character NUL
        } else if (std::iswprint(wide)) {
          if (std::iswspace(wide) || is_no_break_space(wide)) {
            end_word();
            at += size;
            continue;
          }
          printable_ = true;
        }
        add(at, at + size);
        at += size;
      }
    }
    return 0;
  }

  void add(const char* begin, const char* end) {
    if (word_.size() <= longest)
      word_.append(begin, end);
  }

  void end_word() {
    if (printable_) {
      ++words;
      if (word_.size() <= longest)
        ++table[word_];
    }
    word_.clear();
    printable_ = false;
  }

  std::vector<char> buffer_ = std::vector<char>(256 * 1024);
  std::string word_;
  bool printable_ = false;
};

/// The text as a terminal may show it: '?' for each byte or character that is
/// not printable, and cut to at most `width` characters.
inline std::string printable(std::string_view text,
                             std::size_t width = std::string::npos) {
  std::string result;
  while (!text.empty() && width-- > 0) {
    std::mbstate_t fresh{};
    wchar_t wide = 0;
    auto size = std::mbrtowc(&wide, text.data(), text.size(), &fresh);
    bool whole = size - 1 < text.size();
    if (whole && std::iswprint(wide))
      result.append(text.substr(0, size));
    else
      result += '?';
    text.remove_prefix(whole ? size : 1);
  }
  return result;
}

} // namespace examples
