// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// An actor that ends one day, and passes exit messages on until then.

#pragma once

#include <ramet/detail/caf_compat.hpp>

#include <caf/actor_control_block.hpp>

#include <functional>
#include <memory>

namespace ramet::detail {

/// For others to monitor. No thread ever runs it.
class keeper final : public caf_compat::own_actor<keeper> {
public:
  using receiver::receiver;

  using exit_function = std::function<void(caf::mailbox_element_ptr)>;

  /// A new one, of this process. `on_exit_message` is called with each exit
  /// message, by any thread: somebody wants it to end, or one has ended that is
  /// linked to it.
  static caf::strong_actor_ptr make(exit_function on_exit_message);
  /// Ends it; monitors and links fire, within this call. Once.
  static void end(const caf::strong_actor_ptr& one, caf::error reason);

  const char* name() const override { return "ramet::keeper"; }
  /// Requests fail: there is nobody to answer.
  void receive(caf::mailbox_element_ptr what, caf_compat::executor* executor);

private:
  exit_function on_exit_message_;
};

} // namespace ramet::detail
