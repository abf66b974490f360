// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Turns values into bytes and back.

#pragma once

#include <cstddef>
#include <span>
#include <tuple>
#include <type_traits>
#include <vector>

#include <ramet/detail/pack.hpp>

namespace ramet {

/// Encodes one or several values. Whatever can be sent can be encoded, as long
/// as it contains no handles (queues, connections, mutexes...).
///
/// @code
/// struct person { std::string name; int spam; };  // nothing more to write
///
/// std::vector<std::byte> bytes = ramet::encode(person{"Bob", 42});
/// auto bob = ramet::decode<person>(bytes);
///
/// auto both = ramet::encode(1, 2.0);
/// auto [i, d] = ramet::decode<int, double>(both);
/// @endcode
///
/// What travels: numbers, enums, strings, the standard containers, pairs,
/// tuples, optionals, variants, complex numbers, bitsets, durations and time
/// points, paths; aggregates of these (up to 100 fields, no base classes, no
/// bit-fields); and every default-constructible type with a CAF-style
/// `inspect(f, x)`, which goes before all else. What does not travel does not
/// compile, and one line of the compiler's output says what to do instead.
///
/// The encoding is the machine's own: for processes of one program on one
/// machine, not for files. It does not say what type it holds.
///
/// Thread-safe as far as reading `values` is.
/// @throws error(errc::not_serializable) if a value contains handles, nests
/// more
///   than 500 containers deep, or is a variant without a value.
template <class... Ts>
std::vector<std::byte> encode(const Ts&... values) {
  static_assert(sizeof...(Ts) > 0, "ramet: encode needs a value");
  std::tuple<const Ts&...> refs{values...};
  auto message = detail::make_outgoing_pack(refs);
  if (message.refs != 0)
    detail::refuse_handles(detail::type_id_of<Ts...>().name);
  std::vector<std::byte> bytes(message.size);
  if (message.write)
    message.write(message.value, bytes, {});
  return bytes;
}

/// Decodes what `encode` made of the same types: a `T`, or a tuple of several.
///
/// Trusts nothing: `bytes` may be cut off, damaged or hostile. Lengths are
/// checked against what is there before anything is allocated.
/// @throws error(errc::protocol) if the bytes are not an encoded value of these
///   types; the message says what was found where.
template <class... Ts>
detail::decoded_t<Ts...> decode(std::span<const std::byte> bytes) {
  static_assert(sizeof...(Ts) > 0, "ramet: decode needs a type");
  detail::incoming message;
  message.bytes = bytes;
  return detail::decode_message<Ts...>(message);
}

} // namespace ramet
