// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What stands in the messages between a pool and its workers.

#pragma once

#include <ramet/detail/code_address.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/type_id.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace ramet::detail {

/// First in a task's message; the arguments' message follows.
struct task_header {
  std::uint64_t ticket = 0;
  code_address entry; ///< a task_entry; null: look around, there is no task
  std::uint64_t arguments_type = 0;
};

enum class outcome : std::uint32_t { value, failure };

/// First in an outcome's message; the result, or a failure_note, follows.
struct outcome_header {
  std::uint64_t ticket = 0;
  outcome kind = outcome::value;
  std::uint32_t worker = 0; ///< index of its place
  std::int64_t began = 0;   ///< steady clock, ns
  std::int64_t ended = 0;
  std::uint64_t value_type = 0;
};

/// First in a worker's start message; the initializer's arguments follow. The
/// message begins with references to tasks, outcomes and board.
struct worker_header {
  static constexpr std::size_t own_refs = 3;

  std::uint64_t index = 0;
  std::uint64_t max_tasks = 0; ///< 0: no limit
  std::uint64_t pin = 0;       ///< 1: to one processor
  code_address initializer;    ///< a job_entry, or null
  std::uint64_t arguments_type = 0;
};

inline constexpr std::uint64_t worker_type = fnv1a("ramet::pool worker, 1");
inline constexpr std::uint64_t task_type = fnv1a("ramet::pool task, 1");
inline constexpr std::uint64_t outcome_type = fnv1a("ramet::pool outcome, 1");

/// A header with a message behind it. Refers to both.
template <class Header>
class led_message {
public:
  /// `refs`: what stands before the references of `rest`.
  led_message(std::uint64_t type, const Header& header, const outgoing& rest,
              std::span<const object_ref> refs = {})
      : type_(type), header_(header), rest_(rest), refs_(refs) {}

  outgoing as_outgoing() const {
    return {type_, sizeof(Header) + rest_.size, refs_.size() + rest_.refs, this,
            [](const void* object, std::span<std::byte> bytes,
               std::span<object_ref> refs) {
              auto& self = *static_cast<const led_message*>(object);
              std::memcpy(bytes.data(), &self.header_, sizeof(Header));
              std::copy(self.refs_.begin(), self.refs_.end(), refs.begin());
              if (self.rest_.write)
                self.rest_.write(self.rest_.value,
                                 bytes.subspan(sizeof(Header)),
                                 refs.subspan(self.refs_.size()));
            }};
  }

private:
  std::uint64_t type_;
  const Header& header_;
  const outgoing& rest_;
  std::span<const object_ref> refs_;
};

} // namespace ramet::detail
