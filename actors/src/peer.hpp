// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The other processes of the family, as far as actors have to do with them.

#pragma once

#include "frame.hpp"
#include "member_node.hpp"

#include <ramet/detail/mailbox.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace ramet::detail {

/// Another process. Thread-safe.
class peer {
public:
  struct way {
    mailbox inbox; ///< none: it is gone
    segment memory;
    process_page* page = nullptr;
  };
  peer(member_id address, way to);

  member_id address() const { return address_; }
  const caf::node_id& node() const { return node_; }

  /// True from when its end was seen on.
  bool gone() const { return gone_.load(std::memory_order_seq_cst); }
  void set_gone();

  /// More lies unread there than it can be given at this rate.
  bool congested() const;

  /// Puts a frame into its mailbox. False when it is gone.
  /// @throws error resource_exhausted, and what encoding throws
  template <class Body>
  bool ship(const frame_header& header, const Body& body) {
    frame<Body> whole{header, body};
    auto message = whole.as_outgoing();
    std::shared_lock lock{guard_};
    shipped_.fetch_add(1 + message.size / heavy_message,
                       std::memory_order_relaxed);
    return inbox_ && inbox_.put(message, deadline::never()) == put_status::done;
  }

private:
  member_id address_;
  caf::node_id node_;
  // The mailbox is asked how full it is only now and then.
  static constexpr std::size_t heavy_message = 64 * 1024;
  static constexpr std::size_t look_every = 64;

  mutable std::shared_mutex guard_; // of inbox_
  mailbox inbox_;  // none, as the two below: the process is gone
  segment memory_; // of its page
  process_page* page_;
  std::atomic<bool> gone_;
  std::atomic<std::size_t> shipped_{0};
  mutable std::atomic<std::size_t> look_at_{look_every};
};

using peer_ptr = std::shared_ptr<peer>;

/// Thread-safe.
class peers {
public:
  /// `ended` is called, once a process that was asked for, when it has ended:
  /// by any thread, also within get().
  explicit peers(std::function<void(member_id)> ended)
      : ended_(std::move(ended)) {}

  /// Never null; for a process that has ended, one that is gone.
  /// @throws error resource_exhausted
  peer_ptr get(member_id address);

private:
  std::function<void(member_id)> ended_;
  std::mutex guard_; // of the map
  // By serial, which is unique in the family. Those that are gone stay, so that
  // a late handle to one is not taken for news.
  std::unordered_map<std::uint32_t, peer_ptr> map_;
};

} // namespace ramet::detail
