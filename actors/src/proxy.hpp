// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Actors of other processes, as this process's actors see them.

#pragma once

#include "peer.hpp"

#include <ramet/detail/caf_compat.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace ramet::detail {

/// Stands for an actor of another process: what is sent to it goes into that
/// process's mailbox, in the sender's thread. It ends when that actor does, and
/// so do monitors and links of it; then requests to it fail at once.
class proxy final : public caf_compat::own_proxy<proxy> {
public:
  proxy(caf::actor_config& config, peer_ptr to);

  const char* name() const override { return "ramet::proxy"; }
  void receive(caf::mailbox_element_ptr what, caf_compat::executor* context);
  void kill_proxy(caf_compat::executor* context, caf::error reason) override;
  void on_observed();
  bool on_linked(caf::abstract_actor& actor);
  void on_unlinked(caf::abstract_actor& actor);
  void on_last_handle();

private:
  peer_ptr to_;
  std::atomic<bool> watched_{false};
};

/// Who asked, as the one that is asked sees him: stands for that one request.
/// When nothing leads to it any more and no answer has come by, none ever will:
/// then it says so.
class reply_slip final : public caf_compat::own_stand_in<reply_slip> {
public:
  reply_slip(caf::actor_config& config, peer_ptr to, caf::message_id request);

  const char* name() const override { return "ramet::reply_slip"; }
  void receive(caf::mailbox_element_ptr what, caf_compat::executor* context);
  void kill_proxy(caf_compat::executor*, caf::error) override {}
  /// Who is asked for when somebody wants to monitor it.
  caf::strong_actor_ptr principal() const;
  void on_last_handle();

  /// The answer is somebody else's business now.
  void settle() { settled_.store(true, std::memory_order_relaxed); }

private:
  peer_ptr to_;
  caf::message_id request_;
  std::atomic<bool> settled_{false};
};

/// All proxies of this process, one an actor. Thread-safe.
class proxies {
public:
  /// The one for that actor; made if there is none.
  caf::strong_actor_ptr get(caf::actor_system& system, const peer_ptr& of,
                            std::uint64_t id);
  /// Null if there is none.
  caf::strong_actor_ptr find(member_id process, std::uint64_t id);
  /// Keeps it though nobody has a handle: somebody wants to hear of its end.
  void keep(caf::strong_actor_ptr one);
  /// Takes out one whose actor has ended. Null if there is none.
  caf::strong_actor_ptr take(member_id process, std::uint64_t id);
  std::vector<caf::strong_actor_ptr> take_all(member_id process);
  /// The last handle to it has gone.
  void forget(member_id process, std::uint64_t id,
              const caf::actor_control_block* which);

private:
  struct entry {
    caf::weak_actor_ptr one;
    caf::strong_actor_ptr kept;
  };
  using ids = std::unordered_map<std::uint64_t, entry>;

  std::mutex guard_;                           // of the map
  std::unordered_map<std::uint32_t, ids> map_; // by the process's serial
};

} // namespace ramet::detail
