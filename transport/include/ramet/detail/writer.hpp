// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The second pass of encoding: into room of exactly the counted size.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include <ramet/detail/codec_errors.hpp>

namespace ramet::detail {

/// Appends to spans that somebody else owns.
/// @throws error(errc::protocol) from any function when the value needs more,
///   or by `finish` less, than was counted: another thread changed it.
class writer {
public:
  static constexpr bool counts_only = false;

  writer(std::span<std::byte> bytes, std::span<object_ref> refs)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), ref_(refs.data()),
        refs_end_(refs.data() + refs.size()) {}

  void bytes(const void* from, std::size_t n) {
    if (n > static_cast<std::size_t>(end_ - at_)) [[unlikely]]
      fail_uncounted();
    if (n == 0)
      return; // memcpy takes no null, not even for nothing.
    std::memcpy(at_, from, n);
    at_ += n;
  }

  void length(std::size_t n) {
    std::uint64_t wide = n;
    bytes(&wide, sizeof wide);
  }

  void ref(const object_ref& x) {
    if (ref_ == refs_end_) [[unlikely]]
      fail_uncounted();
    *ref_++ = x;
  }

  /// Room for exactly so much, to be filled by the caller.
  std::span<std::byte> room(std::size_t n) {
    if (n > static_cast<std::size_t>(end_ - at_)) [[unlikely]]
      fail_uncounted();
    return {std::exchange(at_, at_ + n), n};
  }
  std::span<object_ref> room_for_refs(std::size_t n) {
    if (n > static_cast<std::size_t>(refs_end_ - ref_)) [[unlikely]]
      fail_uncounted();
    return {std::exchange(ref_, ref_ + n), n};
  }

  void weightless(std::size_t, std::string_view) {}
  void enter(std::string_view) {}
  void leave() {}

  void finish() const {
    if (at_ != end_ || ref_ != refs_end_) [[unlikely]]
      fail_uncounted();
  }

private:
  std::byte* at_;
  std::byte* end_;
  object_ref* ref_;
  object_ref* refs_end_;
};

} // namespace ramet::detail
