// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "well_known.hpp"

#include "registrar.hpp"

#include <algorithm>
#include <iterator>

namespace ramet::detail {

namespace {

struct well_known {
  std::uint64_t id;
  caf::strong_actor_ptr (*make)(); ///< the same one each time
};

constexpr well_known all[] = {
    {registrar_id, own_registrar},
};

} // namespace

caf::strong_actor_ptr well_known_actor(std::uint64_t id) {
  if (!(id & well_known_bit))
    return nullptr;
  auto found = std::ranges::find(all, id, &well_known::id);
  return found == std::end(all) ? nullptr : found->make();
}

} // namespace ramet::detail
