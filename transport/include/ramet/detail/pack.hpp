// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Whole messages: from values to `outgoing`, from `incoming` to values.

#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include <ramet/detail/arrivals.hpp>
#include <ramet/detail/inspector.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/serializable.hpp>

namespace ramet::detail {

/// Encodes a value given to a sending verb: what owns nothing is encoded as
/// what the receiver gets.
template <class Given, class Out>
void put_given(Out& out, const Given& x) {
  using type = travelling_t<Given>;
  if constexpr (std::is_same_v<type, Given>) {
    put(out, x);
  } else if constexpr (std::is_array_v<Given>) {
    // Up to the first zero, as std::string takes it.
    using char_type = std::remove_extent_t<Given>;
    constexpr std::size_t capacity = std::extent_v<Given>;
    std::size_t n = 0;
    while (n < capacity && x[n] != char_type{})
      ++n;
    out.length(n);
    out.bytes(x, n * sizeof(char_type));
  } else {
    out.length(x.size());
    put_elements<typename type::value_type>(out, x, x.size());
  }
}

template <class... Given>
consteval extent given_extent() {
  return ((std::is_same_v<travelling_t<Given>, Given>
               ? [] {
                   if constexpr (std::is_same_v<travelling_t<Given>, Given>)
                     return extent_of<Given>();
                   else
                     return extent{};
                 }()
               : extent{sizeof(std::uint64_t), 0, false})
          + ... + extent{});
}

/// Describes a message with one value. `value` must live, unchanged, until
/// `write` was called.
/// @throws error(errc::not_serializable) when the value nests too deeply.
template <class T>
outgoing make_outgoing(const T& value) {
  require_serializable<travelling_t<T>>();
  outgoing result;
  if constexpr (travels<travelling_t<T>>) {
    constexpr extent known = given_extent<T>();
    result.type = type_id_of<T>().id;
    result.value = std::addressof(value);
    if constexpr (known.fixed) {
      result.size = known.bytes;
      result.refs = known.refs;
    } else {
      size_counter count;
      put_given<T>(count, value);
      result.size = count.size();
      result.refs = count.refs();
    }
    result.write = [](const void* from, std::span<std::byte> bytes,
                      std::span<object_ref> refs) {
      writer out{bytes, refs};
      put_given<T>(out, *static_cast<const T*>(from));
      out.finish();
    };
  }
  return result;
}

/// Describes a message with any number of values. Both the tuple and what it
/// refers to must live until `write` was called. One value alone makes the same
/// message as `make_outgoing(value)`.
template <class... Ts>
outgoing make_outgoing_pack(const std::tuple<const Ts&...>& values) {
  if constexpr (sizeof...(Ts) == 1) {
    return make_outgoing(std::get<0>(values));
  } else {
    (require_serializable<travelling_t<Ts>>(), ...);
    outgoing result;
    if constexpr ((travels<travelling_t<Ts>> && ...)) {
      constexpr extent known = given_extent<Ts...>();
      using tuple = std::tuple<const Ts&...>;
      result.type = type_id_of<Ts...>().id;
      result.value = &values;
      if constexpr (known.fixed) {
        result.size = known.bytes;
        result.refs = known.refs;
      } else {
        size_counter count;
        std::apply([&](const Ts&... x) { (put_given<Ts>(count, x), ...); },
                   values);
        result.size = count.size();
        result.refs = count.refs();
      }
      result.write = [](const void* from, std::span<std::byte> bytes,
                        std::span<object_ref> refs) {
        writer out{bytes, refs};
        std::apply([&](const Ts&... x) { (put_given<Ts>(out, x), ...); },
                   *static_cast<const tuple*>(from));
        out.finish();
      };
    }
    return result;
  }
}

/// What decoding as `Ts...` gives: the one, or the tuple of several.
template <class... Ts>
struct decoded {
  using type = std::tuple<std::remove_cvref_t<Ts>...>;
};
template <class T>
struct decoded<T> {
  using type = std::remove_cvref_t<T>;
};
template <class... Ts>
using decoded_t = typename decoded<Ts...>::type;

/// Decodes a message without looking at `message.type`; checks everything else.
/// Handles adopt their objects one by one: if it throws, those already adopted
/// have been let go of again, and the others never were. Descriptors are
/// fetched first, all or none.
/// @throws error(errc::protocol); with descriptors also closed, and
///   resource_exhausted, when nothing was adopted
template <class... Ts>
decoded_t<Ts...> decode_message(const incoming& message) {
  (require_serializable<std::remove_cvref_t<Ts>>(), ...);
  if constexpr ((travels<std::remove_cvref_t<Ts>> && ...)) {
    arrivals descriptors{message.refs};
    reader in{message.bytes, message.refs, type_id_of<Ts...>().name};
    if constexpr (sizeof...(Ts) == 1) {
      decoded_t<Ts...> result = take<decoded_t<Ts...>>(in);
      in.finish();
      return result;
    } else {
      decoded_t<Ts...> result = wire<decoded_t<Ts...>>::load(in);
      in.finish();
      return result;
    }
  } else {
    std::abort(); // Never compiled: an assertion has failed above.
  }
}

} // namespace ramet::detail
