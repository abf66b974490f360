// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What this process knows of itself: its name, its parent, and how far its
/// runtime has come.

#pragma once

#include "face.hpp"

#include <atomic>
#include <string>

namespace ramet::detail {

enum class runtime_phase {
  none,   ///< no ramet::runtime yet
  live,   ///< children may be started
  ending, ///< waiting for the last children
  ended,
};

/// One in a process; never destroyed, so that other threads and static
/// destructors may look at it to the end.
///
/// All but the atomics is written before the phase becomes `live`, and only
/// read afterwards.
class self final : public face {
public:
  static self& mine();

  std::string argv0;

  std::atomic<runtime_phase> phase{runtime_phase::none};

  /// Ctrl-C or the parent's end ends this process: from now on what children
  /// do is no news, nor what fails here.
  std::atomic<bool> interrupted{false};

  /// Claims the one runtime of this process. @throws error protocol
  void claim_runtime();

  /// In a fork that goes on as a process of the family with the runtime that
  /// its original claimed: all else begins anew.
  void take_over_runtime();

  /// @throws error protocol, which says what to do, unless the calling thread
  ///   may start children now
  void require_live(const std::string& attempted) const;

  /// The process that claimed the runtime; 0 if none has.
  int runtime_pid() const { return runtime_pid_.load(); }

  /// False in a plain fork of the process that made the runtime: threads and
  /// children are not there.
  bool same_process() const;

  /// Called by threads that have seen a child end, or something fail. When that
  /// was as this process is being ended, they stay here, and report no failure
  /// that is none.
  void hold_if_interrupted() const;
  /// The same for children that are threads, and also when all is over that
  /// this process waits for: they may fail as it leaves the family.
  void hold_if_ended() const;

private:
  self() = default;

  std::atomic<int> runtime_pid_{0};
};

} // namespace ramet::detail
