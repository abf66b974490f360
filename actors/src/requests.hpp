// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The requests of this process's actors that other processes have to answer.

#pragma once

#include "member_node.hpp"

#include <caf/actor_control_block.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace ramet::detail {

/// Who asked, and CAF's id of the response.
struct request_key {
  std::uint64_t requester = 0;
  std::uint64_t response = 0;

  friend bool operator==(const request_key&, const request_key&) = default;
};

/// Each is answered, or fails when the process that has it ends: whichever
/// comes first takes it out of here. Thread-safe.
class requests {
public:
  struct request {
    caf::strong_actor_ptr requester;
    member_id with;
    /// Not of slot and serial 0: the process that is just handing it on. If it
    /// dies before it says that it has, nobody knows whether it did.
    member_id from = {};
  };

  void add(const request_key& key, request what);
  /// Null requester: it is not here any more.
  request take(const request_key& key);
  /// `from` begins to hand it on. False: it is not here any more.
  bool move(const request_key& key, member_id from, member_id with);
  /// `from` has handed it on.
  void settle(const request_key& key, member_id from);
  /// Takes out all that are with that process, or were just handed on by it.
  std::vector<std::pair<request_key, request>> take_all(member_id with);

private:
  struct hash {
    std::size_t operator()(const request_key& key) const {
      return static_cast<std::size_t>((key.requester * 0x9e3779b97f4a7c15)
                                      ^ (key.response * 0xff51afd7ed558ccd));
    }
  };
  struct alignas(64) shard {
    std::mutex guard; // of the map
    std::unordered_map<request_key, request, hash> map;
  };

  shard& shard_of(const request_key& key) {
    return shards_[hash{}(key) >> 32 & (shards_.size() - 1)];
  }

  std::array<shard, 16> shards_;
};

} // namespace ramet::detail
