// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a pool's workers write down for the pool while they work.

#pragma once

#include "family.hpp"
#include "object.hpp"

#include <ramet/detail/message.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ramet::detail {

/// One worker's place. Written by the worker alone, but for the pool's clearing
/// it between two workers; read by the pool at any time, also after the
/// worker's death.
struct alignas(64) worker_place {
  enum class phase : std::uint32_t {
    starting, ///< has not come to its first task
    ready,    ///< the initializer, if any, has returned
    leaving,  ///< ends as it was told to, or has done its share of tasks
  };

  std::atomic<phase> at;
  /// Which message of the tasks' mailbox it has taken, or is about to; 0: none.
  /// Written under the consumers' lock and before the message is consumed, as
  /// part of that step: so of each consumed message some place says who had it,
  /// until its outcome was sent. Pairs with the mailbox's count of messages
  /// taken.
  std::atomic<std::uint64_t> claim;
  std::atomic<std::uint64_t> ticket; ///< of that message
  std::atomic<std::int64_t> since;   ///< steady clock, ns: when it began
  // Of all who had the place.
  std::atomic<std::uint64_t> tasks_done;
  std::atomic<std::int64_t> busy; ///< ns
};

/// A shared object with a place for each worker.
class board {
public:
  /// As many as a family has room for.
  static constexpr std::size_t capacity = max_processes;

  /// @throws error resource_exhausted
  static board create(std::size_t places);
  static board open(object_ref ref);

  object_ref ref() const;
  /// Makes room for so many; there never is less than before.
  /// @throws error resource_exhausted
  void extend(std::size_t places);

  worker_place& operator[](std::size_t index) const;

  /// How many workers shall leave before they take another task. Who leaves for
  /// it takes one off.
  std::atomic<std::uint32_t>& too_many() const;
  /// The number of a message that no worker is to look into: who comes to it
  /// takes it out and goes on.
  std::atomic<std::uint64_t>& refused() const;

private:
  explicit board(object_ptr memory) : memory_(std::move(memory)) {}

  object_ptr memory_;
};

} // namespace ramet::detail
