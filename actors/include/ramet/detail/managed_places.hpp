// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Places within managed containers that calls can be made on.

#pragma once

#include <ramet/detail/object_call.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace ramet::detail {

/// For messages: `the key "a"`, `the key 7`, or just "the key".
template <class K>
std::string describe_key(const K& key) {
  if constexpr (std::convertible_to<const K&, std::string_view>)
    return "the key \"" + std::string{std::string_view{key}} + '"';
  else if constexpr (std::integral<K>)
    return "the key " + std::to_string(key);
  else
    return "the key";
}

/// @throws object_refusal
[[noreturn]] void refuse_key(std::string_view key);
[[noreturn]] void refuse_index(std::size_t index, std::size_t size);

template <class Map>
struct at_key {
  using key = typename Map::key_type;

  static typename Map::mapped_type& find(Map& map, key& which) {
    auto found = map.find(which);
    if (found == map.end())
      refuse_key(describe_key(which));
    return found->second;
  }
};

/// At a key that is set if it is not there.
template <class Map>
struct at_key_or {
  using key = std::pair<typename Map::key_type, typename Map::mapped_type>;

  static typename Map::mapped_type& find(Map& map, key& which) {
    return map.try_emplace(std::move(which.first), std::move(which.second))
        .first->second;
  }
};

template <class Sequence>
struct at_index {
  using key = std::size_t;

  static typename Sequence::value_type& find(Sequence& sequence, key& which) {
    if (which >= sequence.size())
      refuse_index(which, sequence.size());
    return sequence[which];
  }
};

} // namespace ramet::detail
