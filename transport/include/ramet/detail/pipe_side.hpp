// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// One end of a pipe, without the types of its messages.

#pragma once

#include <ramet/detail/mailbox.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/native_handle.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace ramet::detail {

class object;

/// Owns the end as long as the process does: closing it, sending it away or
/// moving from it ends that. Thread-safe but for moves.
class pipe_side {
public:
  pipe_side() = default; ///< owns nothing
  /// Takes an end out of a message. @throws error closed, protocol
  explicit pipe_side(object_ref ref);
  pipe_side(pipe_side&& other) noexcept
      : object_(std::move(other.object_)), in_(std::exchange(other.in_, {})),
        out_(std::exchange(other.out_, {})),
        owner_(std::exchange(other.owner_, 0)), end_(other.end_) {}
  pipe_side& operator=(pipe_side&& other) noexcept {
    pipe_side moved{std::move(other)};
    std::swap(object_, moved.object_);
    std::swap(in_, moved.in_);
    std::swap(out_, moved.out_);
    std::swap(owner_, moved.owner_);
    std::swap(end_, moved.end_);
    return *this;
  }
  ~pipe_side() { close(); }

  /// Two ends; if not duplex, the first only receives, the second only sends.
  static std::pair<pipe_side, pipe_side> create(bool duplex);

  object_ref ref() const;
  /// False once it was closed, sent to another process or moved from.
  bool owned() const;
  void close() noexcept;

  put_status put(const outgoing& message, deadline until) const;
  take_status take(receiver receive, deadline until) const;
  /// A message is there, or nothing will ever come.
  bool ready() const;
  native_handle_type native_handle() const;
  void rearm() const;
  mailbox_stats incoming_stats() const;

  /// Why put or take said closed, for an error message.
  std::string why_closed() const;
  bool may_receive() const;
  bool may_send() const;

private:
  pipe_side(std::shared_ptr<object> object, std::uint32_t end,
            std::uint64_t owner);

  std::shared_ptr<object> object_;
  mailbox_core* in_ = nullptr; // both live as long as object_
  mailbox_core* out_ = nullptr;
  std::uint64_t owner_ = 0; // the owner word while the end is ours
  std::uint32_t end_ = 0;
};

} // namespace ramet::detail
