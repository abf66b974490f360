// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "fork.hpp"

#include "ledger.hpp"
#include "object.hpp"

#include <vector>

namespace ramet::detail {

void hold_for_fork(const family::admission& child) {
  auto open = object_registry::all();
  std::vector<std::uint64_t> ids;
  ids.reserve(open.size());
  for (auto& one : open)
    ids.push_back(one->id());
  // Listed first, as always: what is listed and not held does no harm.
  ledger::fill(child.page_segment, family::mine().page_path(child.id.slot),
               ids);
  for (auto& one : open)
    one->header().holders.insert(child.id.slot);
}

void take_over_after_fork(family::admission child) {
  auto& mine = ledger::mine();
  family::mine().become(std::move(child));
  mine.after_fork();
  std::uint32_t entry = 0;
  for (auto& one : object_registry::all())
    one->after_fork(entry++);
}

} // namespace ramet::detail
