// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "requests.hpp"

#include <utility>

namespace ramet::detail {

void requests::add(const request_key& key, request what) {
  auto& where = shard_of(key);
  std::scoped_lock lock{where.guard};
  where.map.insert_or_assign(key, std::move(what));
}

requests::request requests::take(const request_key& key) {
  auto& where = shard_of(key);
  std::scoped_lock lock{where.guard};
  auto found = where.map.find(key);
  if (found == where.map.end())
    return {};
  auto result = std::move(found->second);
  where.map.erase(found);
  return result;
}

bool requests::move(const request_key& key, member_id from, member_id with) {
  auto& where = shard_of(key);
  std::scoped_lock lock{where.guard};
  auto found = where.map.find(key);
  if (found == where.map.end())
    return false;
  found->second.with = with;
  found->second.from = from;
  return true;
}

// Whoever has it may be handing it on already.
void requests::settle(const request_key& key, member_id from) {
  auto& where = shard_of(key);
  std::scoped_lock lock{where.guard};
  if (auto found = where.map.find(key);
      found != where.map.end() && found->second.from == from)
    found->second.from = {};
}

std::vector<std::pair<request_key, requests::request>>
requests::take_all(member_id with) {
  std::vector<std::pair<request_key, request>> result;
  for (auto& where : shards_) {
    std::scoped_lock lock{where.guard};
    for (auto i = where.map.begin(); i != where.map.end();)
      if (i->second.with == with || i->second.from == with) {
        result.emplace_back(i->first, std::move(i->second));
        i = where.map.erase(i);
      } else {
        ++i;
      }
  }
  return result;
}

} // namespace ramet::detail
