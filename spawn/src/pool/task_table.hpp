// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The tasks of a pool of which nothing has come yet.

#pragma once

#include <ramet/detail/mailbox.hpp>
#include <ramet/detail/pool_link.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace ramet::detail {

struct pending_task {
  std::shared_ptr<task_sink> sink;
  std::uint64_t part = 0;
  code_address entry;
  task_rules rules; ///< retries: those left
  unsigned attempt = 1;
  std::uint64_t serial = 0;   ///< as users see it: the first of the pool is 1
  receipt where;              ///< none until it was put
  unsigned deaths_taking = 0; ///< of workers that were about to take it
};

/// Finds them by tickets, which name a task for ever. Not thread-safe.
class task_table {
public:
  std::uint64_t add(pending_task task) {
    if (unused_.empty()) {
      unused_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
      unused_.reserve(slots_.size()); // remove() must not fail
    }
    auto index = unused_.back();
    unused_.pop_back();
    slots_[index].task = std::move(task);
    ++size_;
    return ticket_of(index);
  }

  /// Null if it is not here any more.
  pending_task* find(std::uint64_t ticket) {
    auto* place = slot_of(ticket);
    return place ? &*place->task : nullptr;
  }

  std::optional<pending_task> remove(std::uint64_t ticket) {
    auto* place = slot_of(ticket);
    if (!place)
      return std::nullopt;
    ++place->generation;
    unused_.push_back(static_cast<std::uint32_t>(ticket));
    --size_;
    return std::exchange(place->task, std::nullopt);
  }

  std::vector<pending_task> remove_all() {
    std::vector<pending_task> result;
    result.reserve(size_);
    for (std::uint32_t index = 0; index < slots_.size(); ++index)
      if (auto one = remove(ticket_of(index)))
        result.push_back(std::move(*one));
    return result;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

private:
  struct slot {
    std::uint32_t generation = 1;
    std::optional<pending_task> task;
  };

  // Null if it holds another task by now, or none.
  slot* slot_of(std::uint64_t ticket) {
    auto index = static_cast<std::uint32_t>(ticket);
    if (index >= slots_.size())
      return nullptr;
    auto& place = slots_[index];
    return place.task && place.generation == ticket >> 32 ? &place : nullptr;
  }

  std::uint64_t ticket_of(std::uint32_t index) const {
    return std::uint64_t{slots_[index].generation} << 32 | index;
  }

  std::deque<slot> slots_;
  std::vector<std::uint32_t> unused_;
  std::size_t size_ = 0;
};

} // namespace ramet::detail
