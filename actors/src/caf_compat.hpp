// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// All that ramet uses of CAF and that differs between 0.17 and 1.x. Written
/// for 0.17; nothing outside this file names what 1.x has renamed.

#pragma once

#include <caf/actor_proxy.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/detail/dynamic_message_data.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/error.hpp>
#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>
#include <caf/node_id.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/sec.hpp>
#include <caf/type_erased_tuple.hpp>
#include <caf/type_erased_value.hpp>

#include <boost/core/demangle.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#if CAF_MAJOR_VERSION != 0
#error "ramet: this version of CAF is not supported yet; see caf_compat.hpp"
#endif

namespace ramet::detail::caf_compat {

/// What runs actors, as actors see it.
using executor = caf::execution_unit;

/// The values of a message, without their types.
using contents = caf::type_erased_tuple;
using values = std::vector<caf::type_erased_value_ptr>;

inline caf::message message_of(values&& xs) {
  using data = caf::detail::dynamic_message_data;
  return caf::message{caf::detail::message_data::cow_ptr{
      caf::make_counted<data>(std::move(xs))}};
}

/// A node's id: 20 bytes of the family and the process, and 4 of the process.
using host_bytes = caf::node_id::default_data::host_id_type;

inline caf::node_id make_node_id(std::uint32_t number, const host_bytes& host) {
  return caf::make_node_id(number, host);
}

/// Null if it is none of ours.
inline const caf::node_id::default_data* parts_of(const caf::node_id& id) {
  if (!id || id->implementation_id() != caf::node_id::default_data::class_id)
    return nullptr;
  return static_cast<const caf::node_id::default_data*>(id.operator->());
}

/// The answer to a request whose response promise was dropped. 1.x has a code
/// of its own for it.
inline caf::error broken_promise() {
  return caf::make_error(caf::sec::runtime_error,
                         std::string{"the promise to answer was dropped"});
}

/// The end of an actor by an exception. 0.17 itself keeps nothing of that but
/// the code; 1.x does.
inline caf::error error_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& problem) {
    return caf::make_error(caf::sec::runtime_error,
                           boost::core::demangle(typeid(problem).name()) + ": "
                               + problem.what());
  } catch (...) {
    return caf::make_error(caf::sec::runtime_error,
                           std::string{"something that is no std::exception"});
  }
}

using exception_handler = caf::error (*)(caf::scheduled_actor*,
                                         std::exception_ptr&);

/// Replaces CAF's own handler, but none of the actor's.
inline void handle_exceptions(caf::scheduled_actor& actor,
                              exception_handler handler) {
  struct opened : caf::scheduled_actor {
    static auto& handler_of(caf::scheduled_actor& x) {
      return x.*(&opened::exception_handler_);
    }
  };
  auto* present = opened::handler_of(actor).target<exception_handler>();
  if (present && *present == &caf::scheduled_actor::default_exception_handler)
    actor.set_exception_handler(
        caf::scheduled_actor::exception_handler{handler});
}

inline std::string render(caf::actor_system& system,
                          const caf::error& problem) {
  return system.render(problem);
}

} // namespace ramet::detail::caf_compat

namespace caf::net {

/// CAF computes a node's id from the machine's, the same in two containers,
/// and only lets a module of this name change it.
class middleman : public actor_system::module {
public:
  middleman(actor_system& system, node_id own)
      : system_(system), own_(std::move(own)) {}
  void init(actor_system_config&) override { system_.node_ = own_; }
  void start() override {}
  void stop() override {}
  id_t id() const override { return network_manager; }
  void* subtype_ptr() override { return this; }

private:
  actor_system& system_;
  node_id own_;
};

} // namespace caf::net
