// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "keeper.hpp"

#include "local_node.hpp"

#include <caf/make_actor.hpp>
#include <caf/system_messages.hpp>

#include <utility>

namespace ramet::detail {

caf::strong_actor_ptr keeper::make(exit_function on_exit_message) {
  auto& system = local_node::mine().system();
  caf::actor_config config;
  auto result = caf::make_actor<keeper, caf::strong_actor_ptr>(
      system.next_actor_id(), system.node(), &system, config);
  static_cast<keeper*>(result->get())->on_exit_message_ =
      std::move(on_exit_message);
  return result;
}

void keeper::end(const caf::strong_actor_ptr& one, caf::error reason) {
  static_cast<keeper*>(one->get())->cleanup(std::move(reason), nullptr);
}

void keeper::receive(caf::mailbox_element_ptr what,
                     caf_compat::executor* executor) {
  if (what->mid.is_request() && what->sender)
    caf_compat::deliver(
        what->sender, what->mid.response_id(),
        caf::make_message(caf::make_error(caf::sec::unexpected_message)),
        executor);
  else if (caf_compat::holds<caf::exit_msg>(*what))
    on_exit_message_(std::move(what));
}

} // namespace ramet::detail
