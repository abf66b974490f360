// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A child that works for a contestant of ours.

#pragma once

#include "measure.hpp"

#include <ramet/pipe.hpp>
#include <ramet/process.hpp>

#include <optional>
#include <utility>

namespace bench {

/// Runs `work` with a connection, over which it gets orders (0: to end), and
/// says `true` for each that is carried out.
class worker {
public:
  template <class... Ts>
  explicit worker(void (*work)(ramet::connection, Ts...), const Ts&... given) {
    auto [here, there] = ramet::pipe();
    control_.emplace(std::move(here));
    ramet::process{{.daemon = true}, work, std::move(there), given...};
  }

  void tell(order next) { control_->send(next); }
  void wait() { control_->recv<bool>(); }

private:
  std::optional<ramet::connection> control_;
};

} // namespace bench
