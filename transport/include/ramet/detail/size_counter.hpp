// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The first pass of encoding: how much room a value needs.

#pragma once

#include <cstddef>
#include <cstdint>

#include <ramet/detail/codec_errors.hpp>

namespace ramet::detail {

/// Has the interface of `writer`, and only counts.
class size_counter {
public:
  static constexpr bool counts_only = true;

  void bytes(const void*, std::size_t n) { bytes_ += n; }
  void length(std::size_t) { bytes_ += sizeof(std::uint64_t); }
  void ref(const object_ref&) { ++refs_; }

  void add(std::size_t bytes, std::size_t refs) {
    bytes_ += bytes;
    refs_ += refs;
  }

  /// Announces elements that take no room; a reader accepts only so many.
  void weightless(std::size_t n, std::string_view type) {
    if (n > max_weightless - weightless_) [[unlikely]]
      refuse_weightless(type);
    weightless_ += n;
  }

  void enter(std::string_view type) {
    if (++depth_ > max_depth) [[unlikely]]
      refuse_depth(type);
  }
  void leave() { --depth_; }

  std::size_t size() const { return bytes_; }
  std::size_t refs() const { return refs_; }

private:
  std::size_t bytes_ = 0;
  std::size_t refs_ = 0;
  std::size_t weightless_ = 0;
  std::size_t depth_ = 0;
};

} // namespace ramet::detail
