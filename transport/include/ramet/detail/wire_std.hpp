// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// How the standard library's types travel.

#pragma once

#include <bitset>
#include <chrono>
#include <complex>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <ramet/detail/wire.hpp>

namespace ramet::detail {

// -- sequences ----------------------------------------------------------------

/// The elements of a range, without their number.
template <class T, class Out, class Range>
void put_elements(Out& out, const Range& xs, std::size_t n) {
  constexpr extent each = extent_of<T>();
  if constexpr (Out::counts_only && each.fixed) {
    if constexpr (each.weightless())
      out.weightless(n, name_of<T>());
    out.add(n * each.bytes, n * each.refs);
  } else if constexpr (bitwise<T> && requires { std::data(xs); }) {
    out.bytes(std::data(xs), n * sizeof(T));
  } else if constexpr (each.fixed) {
    for (const T& x : xs)
      put(out, x);
  } else {
    nesting level{out, name_of<T>()};
    for (const T& x : xs) {
      if constexpr (Out::counts_only && each.weightless()) {
        auto before = out.size() + out.refs();
        put(out, x);
        if (out.size() + out.refs() == before)
          out.weightless(1, name_of<T>());
      } else {
        put(out, x);
      }
    }
  }
}

/// The number of elements of type `T` that follow, as far as checkable.
template <class T>
std::size_t take_length(reader& in, std::string_view type) {
  constexpr extent each = extent_of<T>();
  auto n = in.length<each.bytes, each.refs>(type);
  if constexpr (each.fixed && each.weightless())
    in.weightless(n, type);
  return n;
}

/// Calls `take_one` for each of `n` elements of type `T`.
template <class T, class TakeOne>
void take_elements(reader& in, std::size_t n, TakeOne take_one) {
  constexpr extent each = extent_of<T>();
  if constexpr (each.fixed) {
    for (std::size_t i = 0; i < n; ++i)
      take_one();
  } else {
    nesting level{in, name_of<T>()};
    for (std::size_t i = 0; i < n; ++i) {
      if constexpr (each.weightless()) {
        auto before = in.left() + in.refs_left();
        take_one();
        if (in.left() + in.refs_left() == before)
          in.weightless(1, name_of<T>());
      } else {
        take_one();
      }
    }
  }
}

/// A container of `T` that has a number of elements; `Add` puts one more in.
template <class C, class T, class Add>
struct wire_container {
  using parts = type_list<T>;
  static consteval extent least() { return {sizeof(std::uint64_t), 0, false}; }
  template <class Out>
  static void save(Out& out, const C& xs) {
    auto n = static_cast<std::size_t>(std::distance(xs.begin(), xs.end()));
    out.length(n);
    put_elements<T>(out, xs, n);
  }
  static C load(reader& in) {
    auto n = take_length<T>(in, name_of<C>());
    C xs;
    if constexpr (requires { xs.reserve(n); })
      xs.reserve(in.room_for(n, sizeof(T)));
    take_elements<T>(in, n, [&] { Add{}(in, xs); });
    return xs;
  }
};

struct add_back {
  template <class C>
  void operator()(reader& in, C& xs) const {
    xs.push_back(take<typename C::value_type>(in));
  }
};

/// Encoded in the container's order, so each belongs at the end.
struct add_key {
  template <class C>
  void operator()(reader& in, C& xs) const {
    xs.insert(xs.end(), take<typename C::key_type>(in));
  }
};

struct add_mapped {
  template <class C>
  void operator()(reader& in, C& xs) const {
    auto key = take<typename C::key_type>(in);
    xs.emplace_hint(xs.end(), std::move(key),
                    take<typename C::mapped_type>(in));
  }
};

template <class Char, class Traits, class A>
struct wire<std::basic_string<Char, Traits, A>> {
  using string = std::basic_string<Char, Traits, A>;
  using parts = type_list<Char>;
  static consteval extent least() { return {sizeof(std::uint64_t), 0, false}; }
  template <class Out>
  static void save(Out& out, const string& x) {
    out.length(x.size());
    out.bytes(x.data(), x.size() * sizeof(Char));
  }
  static void load_into(reader& in, string& x) {
    auto n = take_length<Char>(in, name_of<string>());
    auto* from = in.bytes(n * sizeof(Char), name_of<string>());
    if constexpr (sizeof(Char) == 1) {
      x.assign(reinterpret_cast<const Char*>(from), n);
    } else {
      x.resize(n);
      if (n != 0)
        std::memcpy(x.data(), from, n * sizeof(Char));
    }
  }
};

template <class T, class A>
struct wire<std::vector<T, A>>
    : wire_container<std::vector<T, A>, T, add_back> {
  using vector = std::vector<T, A>;

  static vector load(reader& in) {
    if constexpr (!bitwise<T>) {
      return wire_container<vector, T, add_back>::load(in);
    } else {
      auto n = take_length<T>(in, name_of<vector>());
      auto* from = in.bytes(n * sizeof(T), name_of<vector>());
      if (reinterpret_cast<std::uintptr_t>(from) % alignof(T) == 0) {
        // Spares the writing of zeros that resize would do first.
        auto* first = reinterpret_cast<const T*>(from);
        return vector(first, first + n);
      }
      if constexpr (std::default_initializable<T>) {
        vector xs(n);
        if (n != 0)
          std::memcpy(xs.data(), from, n * sizeof(T));
        return xs;
      } else {
        vector xs;
        xs.reserve(n);
        for (std::size_t i = 0; i < n; ++i) {
          std::array<std::byte, sizeof(T)> bytes;
          std::memcpy(bytes.data(), from + i * sizeof(T), sizeof(T));
          xs.push_back(std::bit_cast<T>(bytes));
        }
        return xs;
      }
    }
  }
};

/// Eight to the byte.
template <class A>
struct wire<std::vector<bool, A>> {
  using vector = std::vector<bool, A>;
  using parts = type_list<>;
  static consteval extent least() { return {sizeof(std::uint64_t), 0, false}; }
  template <class Out>
  static void save(Out& out, const vector& xs) {
    out.length(xs.size());
    if constexpr (Out::counts_only) {
      out.add(xs.size() / 8 + (xs.size() % 8 != 0), 0);
    } else {
      for (std::size_t i = 0; i < xs.size();) {
        unsigned char byte = 0;
        for (unsigned bit = 0; bit < 8 && i < xs.size(); ++bit, ++i)
          byte = static_cast<unsigned char>(byte | (xs[i] ? 1U << bit : 0U));
        out.bytes(&byte, 1);
      }
    }
  }
  static vector load(reader& in) {
    auto n = in.length<0, 0>(name_of<vector>());
    auto size = n / 8 + (n % 8 != 0);
    auto* from = in.bytes(size, name_of<vector>());
    vector xs(n);
    for (std::size_t i = 0; i < n; ++i)
      xs[i] = (std::to_integer<unsigned>(from[i / 8]) >> (i % 8) & 1U) != 0;
    if (n % 8 != 0) {
      auto spare = std::to_integer<unsigned>(from[size - 1]) >> (n % 8);
      if (spare != 0)
        in.invalid(name_of<vector>(), 1, spare, "0 in the unused bits");
    }
    return xs;
  }
};

template <std::size_t N>
struct wire<std::bitset<N>> {
  using parts = type_list<>;
  static constexpr std::size_t size = N / 8 + (N % 8 != 0);
  static consteval extent least() { return {size, 0, true}; }
  template <class Out>
  static void save(Out& out, const std::bitset<N>& x) {
    for (std::size_t i = 0; i < N;) {
      unsigned char byte = 0;
      for (unsigned bit = 0; bit < 8 && i < N; ++bit, ++i)
        byte = static_cast<unsigned char>(byte | (x[i] ? 1U << bit : 0U));
      out.bytes(&byte, 1);
    }
  }
  static std::bitset<N> load(reader& in) {
    auto* from = in.bytes(size, name_of<std::bitset<N>>());
    std::bitset<N> x;
    for (std::size_t i = 0; i < N; ++i)
      x[i] = (std::to_integer<unsigned>(from[i / 8]) >> (i % 8) & 1U) != 0;
    if constexpr (N % 8 != 0) {
      auto spare = std::to_integer<unsigned>(from[size - 1]) >> (N % 8);
      if (spare != 0)
        in.invalid(name_of<std::bitset<N>>(), 1, spare, "0 in the unused bits");
    }
    return x;
  }
};

template <class T, class A>
struct wire<std::deque<T, A>> : wire_container<std::deque<T, A>, T, add_back> {
};

template <class T, class A>
struct wire<std::list<T, A>> : wire_container<std::list<T, A>, T, add_back> {};

template <class T, class A>
struct wire<std::forward_list<T, A>>
    : wire_container<std::forward_list<T, A>, T, add_back> {
  static std::forward_list<T, A> load(reader& in) {
    auto n = take_length<T>(in, name_of<std::forward_list<T, A>>());
    std::forward_list<T, A> xs;
    auto last = xs.before_begin();
    take_elements<T>(in, n, [&] { last = xs.insert_after(last, take<T>(in)); });
    return xs;
  }
};

// -- sets and maps ------------------------------------------------------------

template <class K, class C, class A>
struct wire<std::set<K, C, A>> : wire_container<std::set<K, C, A>, K, add_key> {
};
template <class K, class C, class A>
struct wire<std::multiset<K, C, A>>
    : wire_container<std::multiset<K, C, A>, K, add_key> {};
template <class K, class H, class E, class A>
struct wire<std::unordered_set<K, H, E, A>>
    : wire_container<std::unordered_set<K, H, E, A>, K, add_key> {};
template <class K, class H, class E, class A>
struct wire<std::unordered_multiset<K, H, E, A>>
    : wire_container<std::unordered_multiset<K, H, E, A>, K, add_key> {};

template <class Map>
using wire_map = wire_container<
    Map, std::pair<const typename Map::key_type, typename Map::mapped_type>,
    add_mapped>;

template <class K, class V, class C, class A>
struct wire<std::map<K, V, C, A>> : wire_map<std::map<K, V, C, A>> {};
template <class K, class V, class C, class A>
struct wire<std::multimap<K, V, C, A>> : wire_map<std::multimap<K, V, C, A>> {};
template <class K, class V, class H, class E, class A>
struct wire<std::unordered_map<K, V, H, E, A>>
    : wire_map<std::unordered_map<K, V, H, E, A>> {};
template <class K, class V, class H, class E, class A>
struct wire<std::unordered_multimap<K, V, H, E, A>>
    : wire_map<std::unordered_multimap<K, V, H, E, A>> {};

// -- sums and products --------------------------------------------------------

template <class A, class B>
struct wire<std::pair<A, B>> {
  using first = std::remove_const_t<A>;
  using second = std::remove_const_t<B>;
  using parts = type_list<first, second>;
  static consteval extent least() {
    return extent_of<first>() + extent_of<second>();
  }
  template <class Out>
  static void save(Out& out, const std::pair<A, B>& x) {
    put<first>(out, x.first);
    put<second>(out, x.second);
  }
  static std::pair<A, B> load(reader& in) {
    return std::pair<A, B>{take<first>(in), take<second>(in)};
  }
};

template <class... Ts>
struct wire<std::tuple<Ts...>> {
  using tuple = std::tuple<Ts...>;
  using parts = type_list<std::remove_const_t<Ts>...>;
  static consteval extent least() {
    return (extent_of<std::remove_const_t<Ts>>() + ... + extent{});
  }
  template <class Out>
  static void save(Out& out, const tuple& x) {
    std::apply(
        [&](const auto&... each) {
          (put<std::remove_cvref_t<decltype(each)>>(out, each), ...);
        },
        x);
  }
  static tuple load(reader& in) {
    if constexpr (sizeof...(Ts) == 0)
      return {};
    else
      return tuple{take<std::remove_const_t<Ts>>(in)...};
  }
};

template <class T>
struct wire<std::optional<T>> {
  using parts = type_list<std::remove_const_t<T>>;
  static consteval extent least() { return {1, 0, false}; }
  template <class Out>
  static void save(Out& out, const std::optional<T>& x) {
    put(out, x.has_value());
    if (x)
      put<std::remove_const_t<T>>(out, *x);
  }
  static std::optional<T> load(reader& in) {
    if (!take<bool>(in))
      return std::nullopt;
    return std::optional<T>{std::in_place, take<std::remove_const_t<T>>(in)};
  }
};

template <>
struct wire<std::monostate> {
  using parts = type_list<>;
  static consteval extent least() { return {}; }
  template <class Out>
  static void save(Out&, std::monostate) {}
  static std::monostate load(reader&) { return {}; }
};

template <class... Ts>
struct wire<std::variant<Ts...>> {
  using variant = std::variant<Ts...>;
  using parts = type_list<Ts...>;
  using index =
      std::conditional_t<(sizeof...(Ts) < 256), std::uint8_t, std::uint32_t>;
  static consteval extent least() { return {sizeof(index), 0, false}; }
  template <class Out>
  static void save(Out& out, const variant& x) {
    if (x.valueless_by_exception()) [[unlikely]]
      refuse_value(name_of<variant>(), "an exception left it without a value");
    put(out, static_cast<index>(x.index()));
    std::visit([&](const auto& value) { put(out, value); }, x);
  }
  static variant load(reader& in) {
    auto which = take<index>(in);
    if (which >= sizeof...(Ts)) [[unlikely]]
      in.invalid(name_of<variant>(), sizeof which, which,
                 "the index of an alternative");
    return load_alternative<0>(in, which);
  }

private:
  template <std::size_t I>
  static variant load_alternative(reader& in, std::size_t which) {
    using alternative = std::variant_alternative_t<I, variant>;
    if constexpr (I + 1 < sizeof...(Ts))
      if (which != I)
        return load_alternative<I + 1>(in, which);
    return variant{std::in_place_index<I>, take<alternative>(in)};
  }
};

// -- numbers and names --------------------------------------------------------

template <class T>
struct wire<std::complex<T>> {
  using parts = type_list<T>;
  static consteval bool is_bitwise() {
    return bitwise<T> && sizeof(std::complex<T>) == 2 * sizeof(T);
  }
  static consteval extent least() { return extent_of<T>() * 2; }
  template <class Out>
  static void save(Out& out, const std::complex<T>& x) {
    put(out, x.real());
    put(out, x.imag());
  }
  static std::complex<T> load(reader& in) {
    auto real = take<T>(in);
    return {real, take<T>(in)};
  }
};

template <class Rep, class Period>
struct wire<std::chrono::duration<Rep, Period>> {
  using duration = std::chrono::duration<Rep, Period>;
  using parts = type_list<Rep>;
  static consteval bool is_bitwise() {
    return bitwise<Rep> && sizeof(duration) == sizeof(Rep);
  }
  static consteval extent least() { return extent_of<Rep>(); }
  template <class Out>
  static void save(Out& out, const duration& x) {
    put<Rep>(out, x.count());
  }
  static duration load(reader& in) { return duration{take<Rep>(in)}; }
};

template <class Clock, class Duration>
struct wire<std::chrono::time_point<Clock, Duration>> {
  using time_point = std::chrono::time_point<Clock, Duration>;
  using parts = type_list<Duration>;
  static consteval bool is_bitwise() {
    return bitwise<Duration> && sizeof(time_point) == sizeof(Duration);
  }
  static consteval extent least() { return extent_of<Duration>(); }
  template <class Out>
  static void save(Out& out, const time_point& x) {
    put<Duration>(out, x.time_since_epoch());
  }
  static time_point load(reader& in) { return time_point{take<Duration>(in)}; }
};

template <>
struct wire<std::filesystem::path> {
  using string = std::filesystem::path::string_type;
  using parts = type_list<>;
  static consteval extent least() { return extent_of<string>(); }
  template <class Out>
  static void save(Out& out, const std::filesystem::path& x) {
    put(out, x.native());
  }
  static std::filesystem::path load(reader& in) {
    return std::filesystem::path{take<string>(in)};
  }
};

} // namespace ramet::detail
