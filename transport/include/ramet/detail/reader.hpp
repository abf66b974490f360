// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Takes values out of bytes that anybody may have written.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include <ramet/detail/codec_errors.hpp>

namespace ramet::detail {

/// Hands out bytes and references in order, and nothing that is not there.
/// @throws error(errc::protocol) from any function, when what is there makes no
///   sense.
class reader {
public:
  /// @param subject the name of what is decoded, for messages; outlives this.
  reader(std::span<const std::byte> bytes, std::span<const object_ref> refs,
         std::string_view subject)
      : begin_(bytes.data()), at_(bytes.data()),
        end_(bytes.data() + bytes.size()), ref_(refs.data()),
        refs_end_(refs.data() + refs.size()), subject_(subject) {}

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  std::size_t refs_left() const {
    return static_cast<std::size_t>(refs_end_ - ref_);
  }
  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }

  /// The next `n` bytes; `type` is what they are for.
  const std::byte* bytes(std::size_t n, std::string_view type) {
    if (n > left()) [[unlikely]]
      fail_short({subject_, type, offset()}, n, left());
    const std::byte* result = at_;
    at_ += n;
    return result;
  }

  void copy(void* to, std::size_t n, std::string_view type) {
    const std::byte* from = bytes(n, type);
    if (n != 0)
      std::memcpy(to, from, n);
  }

  /// A number of elements that each take at least so many bytes and references.
  template <std::size_t MinBytes, std::size_t MinRefs>
  std::size_t length(std::string_view type) {
    std::uint64_t n;
    copy(&n, sizeof n, type);
    if constexpr (MinBytes > 0)
      if (n > left() / MinBytes) [[unlikely]]
        fail_length({subject_, type, offset() - sizeof n}, n, MinBytes, left());
    if constexpr (MinRefs > 0)
      if (n > refs_left() / MinRefs) [[unlikely]]
        fail_short_of_refs({subject_, type, offset() - sizeof n}, n,
                           refs_left());
    return static_cast<std::size_t>(n);
  }

  const object_ref& ref(std::string_view type) {
    if (ref_ == refs_end_) [[unlikely]]
      fail_short_of_refs({subject_, type, offset()}, 1, 0);
    return *ref_++;
  }

  /// Accounts for elements that take no room: their number is bounded by
  /// nothing else.
  void weightless(std::uint64_t n, std::string_view type) {
    if (n > max_weightless - weightless_) [[unlikely]]
      fail_weightless({subject_, type, offset()}, n);
    weightless_ += static_cast<std::size_t>(n);
  }

  void enter(std::string_view type) {
    if (++depth_ > max_depth) [[unlikely]]
      fail_depth({subject_, type, offset()});
  }
  void leave() { --depth_; }

  /// Says that a value of `size` bytes just read is none of its type.
  [[noreturn]] void invalid(std::string_view type, std::size_t size,
                            std::uint64_t found, std::string_view expected) {
    fail_value({subject_, type, offset() - size}, found, expected);
  }

  /// Says that a type's own inspect function did not like what it got.
  [[noreturn]] void refuse(std::string_view type, std::size_t offset) {
    fail_refused({subject_, type, offset});
  }

  void finish() const {
    if (at_ != end_ || ref_ != refs_end_) [[unlikely]]
      fail_trailing({subject_, subject_, offset()}, left(), refs_left());
  }

  /// For how many of `n` announced elements to make room at once: never for
  /// much more than the bytes that came.
  std::size_t room_for(std::size_t n, std::size_t element_size) const {
    return std::min(n, (4 * left() + 64) / element_size);
  }

private:
  const std::byte* begin_;
  const std::byte* at_;
  const std::byte* end_;
  const object_ref* ref_;
  const object_ref* refs_end_;
  std::size_t weightless_ = 0;
  std::size_t depth_ = 0;
  std::string_view subject_;
};

} // namespace ramet::detail
