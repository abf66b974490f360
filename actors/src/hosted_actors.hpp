// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The actors of a node that is a thread: they live among those of its process,
/// and end when the node does.

#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <caf/actor_control_block.hpp>

namespace ramet::detail {

/// Shared by the handle of the node and its thread. Thread-safe.
class hosted_actors : public std::enable_shared_from_this<hosted_actors> {
public:
  /// A new one, to be found by its number as long as it is there.
  static std::shared_ptr<hosted_actors> make();
  /// Null when it has gone.
  static std::shared_ptr<hosted_actors> find(std::uint64_t number);

  std::uint64_t number() const { return number_; }

  /// An actor was made for it. False if it is to stop: then the actor ends.
  bool add(const caf::strong_actor_ptr& actor);
  void stop();
  /// What the thread does: waits for stop(), then ends the actors and gives
  /// them a moment to.
  void run();

private:
  explicit hosted_actors(std::uint64_t number) : number_(number) {}

  void remove(std::uint64_t actor);

  const std::uint64_t number_;
  std::mutex guard_; // of all below
  std::condition_variable changed_;
  std::vector<caf::strong_actor_ptr> actors_;
  bool stopping_ = false;
};

} // namespace ramet::detail
