// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A dictionary whose entries may expire, and which survives its process.

#pragma once

#include "append_log.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace examples::kv {

/// Of the wall clock, as Redis does it: entries also expire while nobody runs.
using time_point = std::chrono::time_point<std::chrono::system_clock,
                                           std::chrono::milliseconds>;

inline time_point now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now());
}

/// A dictionary of strings in memory; each change goes into a log first. Made
/// again from that log, it is as it was at the last commit().
///
/// @code
/// store data{"shard.log", sync_policy::everysec};
/// data.advance_to(now());
/// data.set("key", "value", now() + 10s);
/// data.commit();                         // only now may anybody be told
/// @endcode
///
/// The log is rewritten when most of it is about what is no longer there.
class store {
public:
  struct options {
    std::filesystem::path log;
    sync_policy sync = sync_policy::everysec;
    /// A log below that size is never rewritten.
    std::uint64_t rewrite_bytes = std::uint64_t{4} << 20;
  };

  struct entry {
    std::string value;
    std::optional<time_point> expires;
  };

  /// Reads the log.
  /// @throws std::system_error, std::runtime_error as append_log does
  explicit store(const options& how);

  /// What the log had at the start.
  const append_log::recovery& recovered() const { return recovered_; }

  /// Sets the time at which the operations below take place, and removes some
  /// of what has expired by then.
  void advance_to(time_point time);
  time_point time() const { return now_; }

  /// The entry, until the next change; null when there is none.
  const entry* find(std::string_view key);

  /// Makes the entry, or replaces it.
  void set(std::string_view key, std::string_view value,
           std::optional<time_point> expires = {});

  /// Whether there was one.
  bool erase(std::string_view key);

  /// Whether there is one; it goes at that time.
  bool expire(std::string_view key, time_point when);

  /// Makes all changes since the last commit safe, as the policy says, or
  /// takes back all of them.
  /// @throws std::system_error
  void commit();

  std::size_t size() const { return entries_.size(); }
  std::uint64_t log_bytes() const { return log_.size(); }
  std::uint64_t rewrites() const { return rewrites_; }

private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>{}(key);
    }
  };
  using table = std::unordered_map<std::string, entry, hash, std::equal_to<>>;
  using expiry = std::pair<time_point, std::string>;

  void load();
  void note_expiry(std::string_view key, time_point when);
  void apply(std::string_view record);
  void put(std::string_view key, std::string_view value,
           std::optional<time_point> expires);
  void remove(table::iterator at);
  void drop(table::iterator at);
  void rewrite_if_due();

  std::uint64_t rewrite_bytes_;
  append_log log_;
  append_log::recovery recovered_;
  table entries_;
  std::uint64_t live_bytes_ = 0; ///< what a log of only the entries would take
  std::uint64_t rewrites_ = 0;
  std::uint64_t rewrite_above_; ///< more than rewrite_bytes_ after a failure
  std::string record_;          ///< memory for the one being made
  time_point now_{};
  /// When which key may have to go; what was changed since has stale lines.
  std::priority_queue<expiry, std::vector<expiry>, std::greater<>> expiries_;
};

} // namespace examples::kv
