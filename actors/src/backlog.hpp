// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Messages that were taken out of the process's mailbox and that their actors
/// have not processed yet.

#pragma once

#include "family.hpp"

#include <ramet/detail/caf_compat.hpp>

#include <atomic>
#include <cstddef>
#include <utility>

namespace ramet::detail {

/// More than these in one process, read or unread, and who sends more is slowed
/// down. Slowed down, not stopped: so processes that flood each other go on.
struct backlog_limit {
  static constexpr std::size_t messages = 20'000;
  static constexpr std::size_t bytes = 64 * 1024 * 1024;
};

/// Counted where senders can see it: in the process's page. Thread-safe.
class backlog {
public:
  explicit backlog(process_page& page) : page_(page) {}

  void add(std::size_t bytes) {
    page_.pending_messages.fetch_add(1, std::memory_order_relaxed);
    page_.pending_bytes.fetch_add(bytes, std::memory_order_relaxed);
  }
  void remove(std::size_t bytes) {
    page_.pending_messages.fetch_sub(1, std::memory_order_relaxed);
    page_.pending_bytes.fetch_sub(bytes, std::memory_order_relaxed);
  }
  std::size_t messages() const {
    return page_.pending_messages.load(std::memory_order_relaxed);
  }
  std::size_t bytes() const {
    return page_.pending_bytes.load(std::memory_order_relaxed);
  }

private:
  process_page& page_;
};

/// One message that counts there for as long as this lives.
class backlog_entry {
public:
  backlog_entry(backlog& counts, std::size_t bytes)
      : counts_(&counts), bytes_(bytes) {
    counts_->add(bytes_);
  }
  backlog_entry(backlog_entry&& other) noexcept
      : counts_(std::exchange(other.counts_, nullptr)), bytes_(other.bytes_) {}
  backlog_entry& operator=(backlog_entry&&) = delete;
  ~backlog_entry() {
    if (counts_)
      counts_->remove(bytes_);
  }

private:
  backlog* counts_;
  std::size_t bytes_;
};

/// A message in an actor's mailbox that counts there.
class counted_element final : public caf_compat::own_element {
public:
  counted_element(caf::strong_actor_ptr sender, caf::message_id id,
                  caf_compat::stage_list stages, caf::message values,
                  backlog_entry counted)
      : own_element(std::move(sender), id, std::move(stages),
                    std::move(values)),
        counted_(std::move(counted)) {}

private:
  backlog_entry counted_;
};

} // namespace ramet::detail
