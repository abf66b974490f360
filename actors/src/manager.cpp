// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/manager.hpp>

#include "local_node.hpp"
#include "object_host.hpp"

#include <ramet/ask.hpp>
#include <ramet/error.hpp>

#include <utility>

namespace ramet {

namespace {

node_options options_of(manager_options&& options) {
  return {std::move(options.name), options.workers, options.start,
          std::move(options.setup)};
}

} // namespace

manager::manager(manager_options options)
    : node_(options_of(std::move(options))),
      factory_(node_.spawn<detail::object_factory>()) {}

managed_namespace manager::make_namespace() {
  return create<managed_namespace, detail::named_values>();
}

std::size_t manager::object_count() const {
  auto count = ask<std::uint64_t>(factory_, detail::count_atom::value);
  return static_cast<std::size_t>(count.get());
}

detail::object_handle manager::create_by(const detail::outgoing_call& call) {
  static_cast<void>(node_.pid()); // throws if moved from
  auto state =
      std::make_shared<detail::object_call_state<detail::object_handle>>();
  auto result = detail::make_future(
      std::shared_ptr<detail::future_state<detail::object_handle>>{state});
  detail::ask_object(caf::actor_cast<caf::strong_actor_ptr>(factory_), call,
                     state);
  return result.get();
}

} // namespace ramet
