// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// How values of a type travel: `wire<T>`, specialized by kind of type. Here:
/// scalars, arrays, aggregates, types with `inspect`, and handles. The standard
/// library's types are in wire_std.hpp.

#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include <ramet/detail/aggregate.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/reader.hpp>
#include <ramet/detail/size_counter.hpp>
#include <ramet/detail/type_id.hpp>
#include <ramet/detail/writer.hpp>

namespace ramet::detail {

/// What an encoded value takes: exactly if `fixed`, else at least.
struct extent {
  std::size_t bytes = 0;
  std::size_t refs = 0;
  bool fixed = true;

  constexpr bool weightless() const { return bytes == 0 && refs == 0; }

  friend constexpr extent operator+(extent a, extent b) {
    return {a.bytes + b.bytes, a.refs + b.refs, a.fixed && b.fixed};
  }
  friend constexpr extent operator*(extent a, std::size_t n) {
    return {a.bytes * n, a.refs * n, a.fixed};
  }
};

/// How a `T` travels. Not defined for what cannot. A specialization has
///   using parts = type_list<...>;       // what a T is made of
///   static consteval extent least();    // what it takes when encoded
///   static void save(Out&, const T&);   // Out: size_counter or writer
///   static T load(reader&);             // and/or:
///   static void load_into(reader&, T&); // into a T that exists already
/// and, if the representation in memory is the encoded one and every pattern
/// of bytes is a valid value,
///   static consteval bool is_bitwise(); // then save and load are not needed
/// Other modules may specialize it for types that they know.
template <class T>
struct wire;

template <class T>
concept wired = requires {
  sizeof(wire<T>);
};

template <class T>
inline constexpr bool bitwise = [] {
  if constexpr (requires { wire<T>::is_bitwise(); })
    return wire<T>::is_bitwise();
  else
    return false;
}();

template <class T>
consteval extent extent_of() {
  if constexpr (bitwise<T>)
    return {sizeof(T), 0, true};
  else
    return wire<T>::least();
}

/// Encodes `x` into a size_counter or writer.
template <class T, class Out>
void put(Out& out, const T& x) {
  if constexpr (Out::counts_only && extent_of<T>().fixed)
    out.add(extent_of<T>().bytes, extent_of<T>().refs);
  else if constexpr (bitwise<T>)
    out.bytes(&x, sizeof x);
  else
    wire<T>::save(out, x);
}

template <class T>
T take(reader& in);

/// Decodes into an existing object.
template <class T>
void take_into(reader& in, T& x) {
  if constexpr (bitwise<T>)
    in.copy(&x, sizeof x, name_of<T>());
  else if constexpr (requires { wire<T>::load_into(in, x); })
    wire<T>::load_into(in, x);
  else
    x = wire<T>::load(in);
}

/// Decodes a value.
template <class T>
T take(reader& in) {
  if constexpr (bitwise<T>) {
    if constexpr (std::is_trivially_default_constructible_v<
                      T> && !std::is_const_v<T>) {
      T x;
      in.copy(&x, sizeof x, name_of<T>());
      return x;
    } else {
      std::array<std::byte, sizeof(T)> bytes;
      in.copy(bytes.data(), sizeof bytes, name_of<T>());
      return std::bit_cast<T>(bytes);
    }
  } else if constexpr (requires { wire<T>::load(in); }) {
    return wire<T>::load(in);
  } else {
    T x{};
    wire<T>::load_into(in, x);
    return x;
  }
}

/// Counts a level of nesting while it lives.
template <class Archive>
class nesting {
public:
  nesting(Archive& archive, std::string_view type) : archive_(archive) {
    archive_.enter(type);
  }
  ~nesting() { archive_.leave(); }
  nesting(const nesting&) = delete;
  nesting& operator=(const nesting&) = delete;

private:
  Archive& archive_;
};

// -- scalars ------------------------------------------------------------------

template <class T>
concept boolean_like = std::same_as<T, bool> ||(std::is_enum_v<T>&& requires {
  requires std::same_as < std::underlying_type_t<T>,
  bool > ;
});

/// Any pattern of bytes is a value. (An enum without a fixed underlying type
/// travels as what the compiler chose, unchecked.)
template <class T>
concept plain_scalar =
    (std::is_arithmetic_v<T> || std::is_enum_v<T>)&&!boolean_like<
        T> && !std::same_as<T, long double> && !std::is_const_v<T>;

template <plain_scalar T>
struct wire<T> {
  using parts = type_list<>;
  static consteval bool is_bitwise() { return true; }
};

template <boolean_like T>
struct wire<T> {
  using parts = type_list<>;
  static consteval extent least() { return {1, 0, true}; }
  template <class Out>
  static void save(Out& out, T x) {
    unsigned char byte = static_cast<bool>(x) ? 1 : 0;
    out.bytes(&byte, 1);
  }
  static T load(reader& in) {
    unsigned char byte;
    in.copy(&byte, 1, name_of<T>());
    if (byte > 1) [[unlikely]]
      in.invalid(name_of<T>(), 1, byte, "0 or 1");
    return static_cast<T>(byte != 0);
  }
};

/// Without the padding that x87's format has in memory.
template <>
struct wire<long double> {
  using parts = type_list<>;
  static constexpr std::size_t size =
      std::numeric_limits<long double>::digits == 64 ? 10 : sizeof(long double);
  static consteval extent least() { return {size, 0, true}; }
  template <class Out>
  static void save(Out& out, const long double& x) {
    out.bytes(&x, size);
  }
  static void load_into(reader& in, long double& x) {
    x = 0;
    in.copy(&x, size, "long double");
  }
};

// -- arrays -------------------------------------------------------------------

/// Inside aggregates. (On its own, an array of characters travels as string.)
template <class T, std::size_t N>
struct wire<T[N]> {
  using parts = type_list<T>;
  static consteval bool is_bitwise() { return bitwise<T>; }
  static consteval extent least() { return extent_of<T>() * N; }
  template <class Out>
  static void save(Out& out, const T (&xs)[N]) {
    for (const T& x : xs)
      put(out, x);
  }
  static void load_into(reader& in, T (&xs)[N]) {
    for (T& x : xs)
      take_into(in, x);
  }
};

template <class T, std::size_t N>
struct wire<std::array<T, N>> {
  using array = std::array<T, N>;
  using parts = type_list<T>;
  static consteval bool is_bitwise() {
    if constexpr (N == 0)
      return false;
    else
      return bitwise<T> && sizeof(array) == N * sizeof(T);
  }
  static consteval extent least() { return extent_of<T>() * N; }
  template <class Out>
  static void save(Out& out, const array& xs) {
    for (const T& x : xs)
      put(out, x);
  }
  static array load(reader& in) {
    if constexpr (std::default_initializable<
                      T> && std::is_move_assignable_v<T>) {
      array xs{};
      for (T& x : xs)
        take_into(in, x);
      return xs;
    } else {
      // One by one, as they cannot exist before they are decoded.
      return [&]<std::size_t... Is>(std::index_sequence<Is...>) {
        return array{{(static_cast<void>(Is), take<T>(in))...}};
      }
      (std::make_index_sequence<N>{});
    }
  }
};

// -- handles ------------------------------------------------------------------

template <handle_type T>
struct wire<T> {
  using parts = type_list<>;
  // What has to be made ready is counted one by one, and so before the lock of
  // a mailbox is taken.
  static consteval extent least() {
    return {0, 1, !handle_access::is_made_ready<T>};
  }
  template <class Out>
  static void save(Out& out, const T& x) {
    if constexpr (Out::counts_only) {
      if constexpr (handle_access::is_made_ready<T>)
        handle_access::make_ready(x);
      out.ref({});
    } else {
      out.ref(handle_access::ref(x));
    }
  }
  static T load(reader& in) {
    return handle_access::adopt<T>(in.ref(name_of<T>()));
  }
};

// -- types with inspect -------------------------------------------------------

template <class Out>
class save_inspector;
class load_inspector;

/// Found by ADL: `inspect(f, x)` as CAF has it.
template <class T>
concept inspected =
    (std::is_class_v<T> || std::is_union_v<T>)&&!handle_type<
        T> && requires(save_inspector<writer> & out, load_inspector& in, T& x) {
  inspect(out, x);
  inspect(in, x);
};

// Their wire is in inspector.hpp.

// -- aggregates ---------------------------------------------------------------

template <class T>
concept plain_aggregate =
    std::is_class_v<T> && std::is_aggregate_v<T> && !std::is_const_v<
        T> && !handle_type<T> && !inspected<T>;

template <class List>
struct over_fields;
template <class... Fields>
struct over_fields<type_list<Fields...>> {
  static constexpr std::size_t memory = (sizeof(Fields) + ... + 0);
  static constexpr bool any_empty = (std::is_empty_v<Fields> || ...);
  static constexpr bool any_array = (std::is_array_v<Fields> || ...);
  static consteval bool all_bitwise() { return (bitwise<Fields> && ...); }
  static consteval extent least() {
    return (extent_of<Fields>() + ... + extent{});
  }
  /// Braces evaluate from left to right.
  template <class T>
  static T load(reader& in) {
    return T{take<Fields>(in)...};
  }
};

/// Names the fields only when asked: until then, nobody has checked that the
/// aggregate can be taken apart.
template <plain_aggregate T>
struct wire<T> {
  using aggregate = T;
  static constexpr bool loads_into =
      std::default_initializable<T> && std::is_move_assignable_v<T>;

  /// No padding, else bytes that nobody wrote would leave the process.
  static consteval bool is_bitwise() {
    using list = fields_of_t<T>;
    using fields = over_fields<list>;
    if constexpr (std::is_trivially_copyable_v<T> && list::size > 0
                  && fields::memory == sizeof(T))
      return fields::all_bitwise();
    else
      return false;
  }
  static consteval extent least() {
    return over_fields<fields_of_t<T>>::least();
  }

  template <class Out>
  static void save(Out& out, const T& x) {
    with_fields(x, [&](const auto&... field) { (put(out, field), ...); });
  }
  static void load_into(reader& in, T& x) requires(loads_into) {
    with_fields(x, [&](auto&... field) { (take_into(in, field), ...); });
  }
  static T load(reader& in) requires(!loads_into) {
    return over_fields<fields_of_t<T>>::template load<T>(in);
  }
};

template <class T>
concept taken_apart = requires {
  typename wire<T>::aggregate;
};

/// The types that a `T` is made of.
template <class T>
consteval auto parts_of() {
  if constexpr (taken_apart<T>)
    return fields_of_t<T>{};
  else
    return typename wire<T>::parts{};
}

} // namespace ramet::detail
