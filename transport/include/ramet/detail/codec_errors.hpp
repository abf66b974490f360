// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The codec's limits, and its complaints: out of line, since they are rare.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <ramet/detail/message.hpp>
#include <ramet/error.hpp>

namespace ramet::detail {

/// How deeply values may nest through containers (a tree's depth). Bounds the
/// stack that a hostile message can use.
inline constexpr std::size_t max_depth = 500;

/// How many elements without any encoded size (those of vector<empty>) one
/// message may hold.
inline constexpr std::size_t max_weightless = 1'000'000;

/// Where decoding stopped.
struct decode_position {
  std::string_view subject; ///< What was decoded.
  std::string_view type;    ///< The part of it that failed.
  std::size_t offset;       ///< In bytes, where that part begins.
};

[[noreturn]] void fail_short(decode_position at, std::size_t needed,
                             std::size_t left);
[[noreturn]] void fail_length(decode_position at, std::uint64_t n,
                              std::size_t each, std::size_t left);
[[noreturn]] void fail_short_of_refs(decode_position at, std::uint64_t needed,
                                     std::size_t left);
[[noreturn]] void fail_value(decode_position at, std::uint64_t found,
                             std::string_view expected);
[[noreturn]] void fail_trailing(decode_position at, std::size_t bytes,
                                std::size_t refs);
[[noreturn]] void fail_weightless(decode_position at, std::uint64_t n);
[[noreturn]] void fail_depth(decode_position at);
[[noreturn]] void fail_refused(decode_position at);
[[noreturn]] void fail_uncounted();

[[noreturn]] void refuse_weightless(std::string_view type);
[[noreturn]] void refuse_depth(std::string_view type);
[[noreturn]] void refuse_value(std::string_view type, std::string_view why);
[[noreturn]] void refuse_handles(std::string_view type);

} // namespace ramet::detail
