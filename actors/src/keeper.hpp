// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// An actor that does nothing but end one day.

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

  /// A new one, of this process. `on_exit_message` is called, by any thread,
  /// when somebody wants it to end.
  static caf::strong_actor_ptr make(std::function<void()> on_exit_message = {});
  /// Ends it; monitors and links fire, within this call. Once.
  static void end(const caf::strong_actor_ptr& one, caf::error reason);

  const char* name() const override { return "ramet::keeper"; }
  /// Requests fail: there is nobody to answer.
  void receive(caf::mailbox_element_ptr what, caf_compat::executor* executor);

private:
  std::function<void()> on_exit_message_;
};

} // namespace ramet::detail
