// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// This process as a place where actors live.

#pragma once

#include "backlog.hpp"
#include "exports.hpp"
#include "frame.hpp"
#include "late_arrivals.hpp"
#include "links.hpp"
#include "peer.hpp"
#include "proxy.hpp"
#include "requests.hpp"
#include "scheduler.hpp"

#include <ramet/detail/caf_compat.hpp>
#include <ramet/detail/mailbox.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace ramet::detail {

/// One in a process, made at first use, never destroyed. Thread-safe.
///
/// Its mailbox is the process's own, the one in which it found its function to
/// run. Everybody of the family puts frames there; its threads take them out.
class local_node {
public:
  /// @throws error protocol (no runtime), resource_exhausted, os_failure
  static local_node& mine();
  /// Whether it was made.
  static bool exists();
  /// Says how many actors may run at a time, before the first use; 0: as many
  /// as there are cores, at least 2.
  static void set_workers(std::size_t count);
  /// The process's mailbox, made if there is none yet, but nobody to read it.
  static mailbox own_inbox();

  caf::actor_system& system() { return *system_; }
  scheduler& threads() { return *scheduler_; }
  const backlog& unprocessed() const { return unprocessed_; }
  member_id address() const { return address_; }

  /// Ids of this kind are not those of actors but of questions from outside of
  /// any actor; nobody but the answer leads to them.
  static constexpr std::uint64_t port_bit = std::uint64_t{1} << 63;
  std::uint64_t next_port() {
    return port_bit | next_port_.fetch_add(1, std::memory_order_relaxed);
  }

  // -- towards other processes ------------------------------------------------

  /// Sends a message on to actor `receiver` of `to`. A request that cannot be
  /// sent is answered with an error. Never throws.
  void forward(peer& to, std::uint64_t receiver, caf::mailbox_element& what);
  /// Has `of`, a proxy, end when its actor does. Never throws.
  void watch(peer& to, caf::strong_actor_ptr of);
  /// An actor of this process links to `other`, one of `to`. False if that has
  /// linked to this one already. Never throws; they may be locked.
  bool link(peer& to, std::uint64_t actor, std::uint64_t other);
  /// Takes both links back. Never throws; they may be locked.
  void unlink(peer& to, std::uint64_t actor, std::uint64_t other);
  /// No answer will come: answers with caf_compat::broken_promise().
  void break_promise(peer& to, std::uint64_t requester,
                     caf::message_id request);

  peer_ptr peer_of(member_id process) { return peers_.get(process); }
  caf::strong_actor_ptr proxy_of(const peer_ptr& of, std::uint64_t id) {
    return proxies_.get(*system_, of, id);
  }
  void forget_proxy(member_id process, std::uint64_t id,
                    const caf::actor_control_block* which) {
    proxies_.forget(process, id, which);
  }

  /// Sends a request whose answer comes to `requester`, which may be a port.
  /// False when `to` is gone. @throws error resource_exhausted
  template <class Body>
  bool ask(peer& to, frame_kind kind, const caf::strong_actor_ptr& requester,
           caf::message_id request, const Body& body) {
    frame_header header;
    header.kind = kind;
    header.from = address_;
    header.sender = {address_.slot, address_.serial, requester->id()};
    header.id = request.integer_value();
    return ship_request(to, header, requester, body);
  }

  // -- handles ----------------------------------------------------------------

  actor_words words_of(const caf::strong_actor_ptr& actor);
  caf::strong_actor_ptr actor_of(const actor_words& words);

  // -- the end ----------------------------------------------------------------

  /// Blocks until another process has asked this one to stop.
  void wait_for_stop();
  /// Ends all actors that others know of, and gives them a moment to.
  void end_actors();

private:
  local_node();
  void make_system(std::size_t workers);
  void stop() noexcept;

  static request_key key_of(std::uint64_t requester, caf::message_id request);
  static bool is_port(std::uint64_t id) { return id & port_bit; }

  std::size_t read(caf_compat::executor& executor, std::size_t most);
  bool send(peer& to, std::uint64_t receiver, caf::mailbox_element& what);
  template <class Body>
  bool ship_request(peer& to, const frame_header& header,
                    const caf::strong_actor_ptr& requester, const Body& body);
  void wait_for_room(const peer& to);
  void ship_link(peer& to, frame_kind kind, std::uint64_t actor,
                 std::uint64_t other) noexcept;
  void export_actor(const caf::strong_actor_ptr& actor);
  void on_exit(std::uint64_t id, const caf::error& reason);
  caf::strong_actor_ptr own_actor(std::uint64_t id);
  caf::strong_actor_ptr dead_actor(member_id process, std::uint64_t id);
  void post_ended(member_id process) noexcept;

  // -- what arrives; under the mailbox's lock ---------------------------------

  struct letter;
  class late_work;

  /// Returns for whom late_ has begun to hold something.
  std::optional<std::uint64_t> deliver(const incoming& message,
                                       caf_compat::executor& executor);
  std::optional<std::uint64_t> deliver_message(const frame_header& header,
                                               const incoming& message,
                                               reader& in,
                                               caf_compat::executor& executor);
  template <class F>
  void after_late(caf_compat::executor& executor, F&& what);
  void deliver_run(const frame_header& header, const incoming& message,
                   reader& in, caf_compat::executor& executor);
  void on_watch(const frame_header& header);
  void on_down(member_id process, std::uint64_t actor, const caf::error& reason,
               caf_compat::executor& executor);
  void on_link(const frame_header& header);
  void on_unlink(const frame_header& header);
  void on_moving(const frame_header& header, caf_compat::executor& executor);
  void on_ended(member_id process, caf_compat::executor& executor);
  void tell_linked(member_id process, caf_compat::executor& executor);
  void fail_requests(member_id with, caf_compat::executor& executor);
  void on_stop();
  caf::strong_actor_ptr slip_of(const frame_header& header);
  caf::mailbox_element_ptr decode(letter& what, reader& in,
                                  backlog_entry counted);

  // -- without the lock -------------------------------------------------------

  bool deliver_late(std::uint64_t receiver, caf_compat::executor& executor);

  member_id address_;
  mailbox inbox_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  scheduler* scheduler_ = nullptr; // owned by the system
  peers peers_;
  proxies proxies_;
  exports exports_;
  links links_;
  requests requests_;
  late_arrivals late_;
  backlog unprocessed_{family::mine().own_page()};
  std::atomic<std::uint64_t> next_port_{1};
  std::atomic<bool> stopped_{false};

  std::mutex stop_guard_; // of stop_asked_
  std::condition_variable stop_changed_;
  bool stop_asked_ = false;
};

// Whoever takes the request out of the list has the requester to tell: the
// answer that has come, on_ended(), or we when `to` went meanwhile.
template <class Body>
bool local_node::ship_request(peer& to, const frame_header& header,
                              const caf::strong_actor_ptr& requester,
                              const Body& body) {
  auto key = key_of(requester->id(), caf::message_id{header.id});
  requests_.add(key, {requester, to.address()});
  bool sent = false;
  try {
    sent = to.ship(header, body);
  } catch (...) {
    requests_.take(key);
    throw;
  }
  return (sent && !to.gone()) || !requests_.take(key).requester;
}

} // namespace ramet::detail
