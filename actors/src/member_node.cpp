// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "member_node.hpp"

#include <ramet/detail/type_id.hpp>

#include <cstring>
#include <string_view>

namespace ramet::detail {

namespace {

constexpr std::size_t slot_at = sizeof(caf_compat::host_bytes) - 4;

// From the family's directory, whose last part is random.
caf_compat::host_bytes family_bytes() {
  caf_compat::host_bytes result{};
  std::string_view directory = family::mine().directory();
  std::uint64_t parts[2] = {fnv1a(directory),
                            fnv1a(directory.substr(directory.size() / 2))};
  static_assert(sizeof parts <= slot_at);
  std::memcpy(result.data(), parts, sizeof parts);
  return result;
}

} // namespace

caf::node_id node_of(member_id process) {
  static const auto family = family_bytes();
  auto host = family;
  std::memcpy(host.data() + slot_at, &process.slot, sizeof process.slot);
  return caf_compat::make_node_id(process.serial, host);
}

std::optional<member_id> process_of(const caf::node_id& node) {
  static const auto family = family_bytes();
  auto parts = caf_compat::parts_of(node);
  if (!parts || std::memcmp(parts->host.data(), family.data(), slot_at) != 0)
    return std::nullopt;
  member_id result;
  std::memcpy(&result.slot, parts->host.data() + slot_at, sizeof result.slot);
  result.serial = parts->number;
  return result;
}

} // namespace ramet::detail
