// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// One source: what it takes from, the actor that it feeds, and how far it is.

#pragma once

#include <ramet/detail/question.hpp>
#include <ramet/source.hpp>

#include <caf/actor_control_block.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

namespace ramet::detail {

/// It is the sink of the answers to all its items: they only make room.
class source_core final : public answer_sink,
                          public std::enable_shared_from_this<source_core> {
public:
  source_core(std::unique_ptr<inlet> from, caf::strong_actor_ptr to,
              source_options options);

  // -- by any thread ----------------------------------------------------------

  /// Has it end when the actor does. Once, before the pump has it.
  void watch_actor();
  void stop() noexcept;
  bool ended() const noexcept { return ended_.load(); }
  /// False when the time ran out.
  bool wait(deadline until);

  void answer(caf::message&& values) noexcept override;
  void actor_ended() noexcept;
  /// What came of asking whether it is there.
  void actor_found(bool there) noexcept;

  // -- by the pump's thread ---------------------------------------------------

  /// Does what there is to do, passes on one item at most; true if it did.
  bool step() noexcept;
  /// True when an item that comes should wake the pump.
  bool wants_items() const noexcept;
  /// When to step() again though nothing has happened.
  deadline next_look() const noexcept;
  waitable what() const { return from_->what(); }
  void end() noexcept;

private:
  // An answer "the receiver is down", or "the promise was dropped", may be the
  // first that is heard of the actor's end, or tell of somebody else whom it
  // has handed the item on to. Nothing more is taken until the actor itself was
  // asked; else the whole queue would go to the dead. That it is down is said
  // before it has ended for those who watch it: another source of the same
  // queue, made when this one has ended, must not find it alive. So only the
  // watch ends a source.
  enum class trust { sure, doubtful, asked, absent };

  bool may_take() const noexcept;
  bool pass_on();
  void drained();
  void give_up(caf::error why) noexcept;
  void see_to_doubt();
  void tell(caf::error problem) noexcept;
  void trouble(caf::error problem) noexcept;

  std::unique_ptr<inlet> from_; // the pump's, like the two below
  caf::strong_actor_ptr to_;
  deadline next_probe_ = deadline::now();
  const source_options options_;
  const bool replaced_; // others take the actor's place when it ends
  // Pairs with drained_: whoever changes one of them last sees the other.
  std::atomic<std::size_t> with_actor_{0};
  std::atomic<bool> drained_{false};
  std::atomic<trust> trust_{trust::sure};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> actor_ended_{false};
  std::atomic<bool> ended_{false};

  std::mutex guard_; // of the change of ended_
  std::condition_variable changed_;
};

} // namespace ramet::detail
