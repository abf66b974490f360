// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "links.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ramet::detail {

void links::add(member_id process, link one) {
  std::scoped_lock lock{guard_};
  auto& all = map_[process.serial];
  if (std::ranges::find(all, one) == all.end())
    all.push_back(one);
}

void links::remove(member_id process, link one) {
  std::scoped_lock lock{guard_};
  auto found = map_.find(process.serial);
  if (found == map_.end())
    return;
  std::erase(found->second, one);
  if (found->second.empty())
    map_.erase(found);
}

bool links::has(member_id process, link one) const {
  std::scoped_lock lock{guard_};
  auto found = map_.find(process.serial);
  return found != map_.end()
         && std::ranges::find(found->second, one) != found->second.end();
}

void links::remove_all_to(std::uint64_t to) {
  std::scoped_lock lock{guard_};
  for (auto each = map_.begin(); each != map_.end();) {
    std::erase_if(each->second, [to](link one) { return one.to == to; });
    each = each->second.empty() ? map_.erase(each) : std::next(each);
  }
}

std::vector<links::link> links::take_all(member_id process) {
  std::scoped_lock lock{guard_};
  auto found = map_.find(process.serial);
  if (found == map_.end())
    return {};
  auto result = std::move(found->second);
  map_.erase(found);
  return result;
}

} // namespace ramet::detail
