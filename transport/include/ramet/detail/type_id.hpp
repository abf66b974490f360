// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The identity of what a message carries: a hash of the type's readable name,
/// computed by the compiler, and a table that leads back from hash to name.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ramet::detail {

/// What a message says about its contents.
struct type_info {
  std::uint64_t id = 0;
  std::string_view name;
};

/// Tag: the message holds bytes that nobody encoded (`send_bytes`).
struct raw_bytes;

/// How a type is spelled by the compiler, with its own decoration around it.
template <class T>
consteval auto decorated_name() {
#if defined(_MSC_VER) && !defined(__clang__)
  return std::string_view{__FUNCSIG__};
#else
  return std::string_view{__PRETTY_FUNCTION__};
#endif
}

template <class T>
consteval std::string_view compiler_name_of() {
  // What stands before and after the name is the same for every type.
  constexpr std::string_view sample = decorated_name<void>();
  constexpr std::size_t before = sample.find("void");
  constexpr std::size_t after = sample.size() - before - 4;
  std::string_view name = decorated_name<T>();
  name.remove_prefix(before);
  name.remove_suffix(after);
  return name;
}

/// A text of at most `Capacity` characters, built by the compiler.
template <std::size_t Capacity>
struct fixed_text {
  std::array<char, Capacity> text{};
  std::size_t size = 0;

  constexpr void append(std::string_view more) {
    for (char c : more)
      text[size++] = c;
  }
};

/// Copies a compiler's spelling without what only the library's authors need.
template <std::size_t Capacity>
consteval fixed_text<Capacity> tidied(std::string_view name) {
  struct rule {
    std::string_view from, to;
  };
  constexpr rule rules[] = {
      {"std::__cxx11::basic_string<char>", "std::string"},
      {"std::basic_string<char>", "std::string"},
      {"__cxx11::", ""},
      {"std::__1::", "std::"},
      {"_V2::", ""},
      {" >", ">"},
  };
  fixed_text<Capacity> result;
  while (!name.empty()) {
    bool replaced = false;
    for (const rule& r : rules) {
      if (!name.starts_with(r.from))
        continue;
      result.append(r.to);
      name.remove_prefix(r.from.size());
      replaced = true;
      break;
    }
    if (!replaced) {
      result.append(name.substr(0, 1));
      name.remove_prefix(1);
    }
  }
  return result;
}

template <class T>
struct name_storage {
  static constexpr auto wide =
      tidied<compiler_name_of<T>().size()>(compiler_name_of<T>());
  static constexpr auto exact = [] {
    std::array<char, wide.size> text{};
    for (std::size_t i = 0; i < wide.size; ++i)
      text[i] = wide.text[i];
    return text;
  }();
};

/// The readable name of exactly `T`.
template <class T>
constexpr std::string_view name_of() {
  if constexpr (std::is_same_v<T, raw_bytes>)
    return "raw bytes";
  else
    return {name_storage<T>::exact.data(), name_storage<T>::exact.size()};
}

/// As what a value of type `T`, given to a sending verb, travels.
template <class T>
struct travelling {
  using type = T;
};
template <class Char, std::size_t N>
requires std::is_same_v<Char, char> || std::is_same_v<Char, wchar_t> || std::
    is_same_v<Char, char8_t> || std::is_same_v<
        Char, char16_t> || std::is_same_v<Char, char32_t>
struct travelling<Char[N]> {
  using type = std::basic_string<Char>;
};
template <class Char, class Traits>
struct travelling<std::basic_string_view<Char, Traits>> {
  using type = std::basic_string<Char>;
};
template <class T, std::size_t Extent>
struct travelling<std::span<T, Extent>> {
  using type = std::vector<std::remove_cv_t<T>>;
};

/// `T` without reference and cv; text and views as the type that owns such.
template <class T>
using travelling_t = typename travelling<std::remove_cvref_t<T>>::type;

constexpr std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

/// Several values that travel as one message: "(int, double)".
template <class... Ts>
struct pack_storage {
  static constexpr auto name = [] {
    std::array<char, (name_of<Ts>().size() + ... + 2)
                         + (sizeof...(Ts) > 1 ? 2 * (sizeof...(Ts) - 1) : 0)>
        text{};
    std::size_t size = 0;
    auto append = [&](std::string_view more) {
      for (char c : more)
        text[size++] = c;
    };
    append("(");
    ((append(size > 1 ? ", " : ""), append(name_of<Ts>())), ...);
    append(")");
    return text;
  }();
};

/// One type of the table of names. The constructor enters it, once per type
/// and program, before main (or when a shared library is loaded).
struct type_node {
  explicit type_node(const type_info& type) noexcept;
  type_node(const type_node&) = delete;
  type_node& operator=(const type_node&) = delete;

  const type_info& info;
  type_node* next = nullptr;
};

template <class... Ts>
constexpr std::string_view name_of_message() {
  if constexpr (sizeof...(Ts) == 1)
    return name_of<Ts...>();
  else
    return {pack_storage<Ts...>::name.data(), pack_storage<Ts...>::name.size()};
}

template <class... Ts>
struct type_entry {
  static constexpr type_info info{fnv1a(name_of_message<Ts...>()),
                                  name_of_message<Ts...>()};
  static inline type_node node{info};
};

/// The identity of one value of type `T`, or of n values sent as one message
/// (which is not that of the tuple of them). Two types with one name, such as
/// those in unnamed namespaces of two sources, have one identity.
template <class... Ts>
const type_info& type_id_of() {
  using entry = type_entry<travelling_t<Ts>...>;
  static_cast<void>(&entry::node); // Used, so that the table has it.
  return entry::info;
}

/// The name behind an identity found in a message, or "unknown type #<hex>" if
/// this program has no such type. Walks a list: for messages to people only.
std::string type_name(std::uint64_t id);

} // namespace ramet::detail
