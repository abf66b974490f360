// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The links that actors of other processes have made to actors of this one.

#pragma once

#include "member_node.hpp"

#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace ramet::detail {

/// An actor that ends tells those that it has linked to by itself; who is told
/// so takes the link back, as CAF's actors do. One whose process is killed does
/// not: this process does it then. Thread-safe.
class links {
public:
  struct link {
    std::uint64_t from; ///< actor of the other process
    std::uint64_t to;   ///< actor of this one

    friend bool operator==(const link&, const link&) = default;
  };

  void add(member_id process, link one);
  void remove(member_id process, link one);
  bool has(member_id process, link one) const;
  /// `to` has ended.
  void remove_all_to(std::uint64_t to);
  /// The process has ended.
  std::vector<link> take_all(member_id process);

private:
  mutable std::mutex guard_;                                 // of the map
  std::unordered_map<std::uint32_t, std::vector<link>> map_; // by serial
};

} // namespace ramet::detail
