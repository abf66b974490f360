// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Large messages that are decoded outside the mailbox's lock, and what must
/// not overtake them.

#pragma once

#include <ramet/detail/caf_compat.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace ramet::detail {

/// Something that has come for an actor and is still to be dealt with.
class arrival {
public:
  virtual ~arrival() = default;
  virtual void happen(caf_compat::executor& executor) noexcept = 0;
};
using arrival_ptr = std::unique_ptr<arrival>;

/// A queue for each actor that a large message is on its way to. Put things in
/// under the mailbox's lock: that is what their order is. They happen without
/// it, by one thread a queue at a time. Thread-safe.
class late_arrivals {
public:
  /// For who holds the mailbox's lock: nothing comes meanwhile, but what is
  /// here may be going.
  bool none() const { return queues_.load(std::memory_order_relaxed) == 0; }

  /// True: it is the first for `receiver`, and the caller sees to it that they
  /// are worked off.
  bool add(std::uint64_t receiver, arrival_ptr what);
  /// Puts `what` behind what is here for `receiver`. False, and `what` as it
  /// was: nothing is.
  bool add_behind(std::uint64_t receiver, arrival_ptr& what);
  /// Has `what` happen when all that is here now has happened. False, and
  /// `what` as it was: nothing is.
  bool add_behind_all(arrival_ptr& what);

  /// Has up to `most` things for `receiver` happen. True: they were the last.
  bool work_off(std::uint64_t receiver, caf_compat::executor& executor,
                std::size_t most);

private:
  using queue = std::deque<arrival_ptr>;

  arrival_ptr next(std::uint64_t receiver);

  std::mutex guard_; // of the map
  // An empty queue is one whose last arrival is happening.
  std::unordered_map<std::uint64_t, queue> map_;
  std::atomic<std::size_t> queues_{0};
};

} // namespace ramet::detail
