// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Messages that show whether they are whole.

#pragma once

#include "system_test.hpp"

#include <ramet/queue.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ramet_test {

/// What messages are like.
enum class shape {
  small,   ///< in the ring
  large,   ///< most of them in a segment of their own
  handles, ///< with queues inside, some of which only the message holds
};

struct item {
  std::uint32_t producer = 0;
  std::uint32_t number = 0; ///< counted by its producer, from 1
  std::uint64_t sum = 0;
  std::string body;
  std::vector<ramet::queue<std::uint32_t>> handles; ///< `number` is in each
};

inline std::uint64_t sum_of(const item& x) {
  std::uint64_t sum = (std::uint64_t{x.producer} << 32 | x.number) + 1;
  std::string_view rest{x.body};
  for (; rest.size() >= 8; rest.remove_prefix(8)) {
    std::uint64_t word = 0;
    rest.copy(reinterpret_cast<char*>(&word), sizeof word);
    sum = (sum ^ word) * 0x9e3779b97f4a7c15;
  }
  for (char c : rest)
    sum = (sum ^ static_cast<unsigned char>(c)) * 0x9e3779b97f4a7c15;
  return sum;
}

inline item make_item(shape kind, std::uint32_t producer, std::uint32_t number,
                      chance& dice) {
  item result{producer, number, 0, {}, {}};
  auto longest = kind == shape::large ? 200'000U : 800U;
  result.body.assign(dice.below(longest), static_cast<char>('a' + number % 26));
  for (std::size_t i = 0; i < result.body.size(); i += 97)
    result.body[i] = static_cast<char>(i + number);
  result.sum = sum_of(result);
  if (kind == shape::handles && number % 4 != 0) {
    ramet::queue<std::uint32_t> fresh;
    fresh.put(number);
    result.handles.assign(number % 4, fresh);
  }
  return result;
}

/// Whole, and so is what its handles lead to.
inline bool is_whole(item& x) {
  if (x.sum != sum_of(x))
    return false;
  for (auto& handle : x.handles)
    if (handle.size() != 1)
      return false;
  return x.handles.empty() || x.handles[0].try_get() == x.number;
}

} // namespace ramet_test
