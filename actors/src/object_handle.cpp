// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/detail/object_handle.hpp>

#include "frame.hpp"
#include "last_will.hpp"
#include "local_node.hpp"
#include "object_host.hpp"
#include "object_message.hpp"

#include <ramet/detail/managed_places.hpp>
#include <ramet/detail/object_proxy.hpp>
#include <ramet/task_failure.hpp>

#include <fmt/format.h>

#include <utility>

namespace ramet::detail {

namespace {

// The actor that a handle leads to: who is told when it is let go of.
struct object_actor final : object::attachment {
  explicit object_actor(object& held) {
    auto message = last_message(held);
    if (message.size() < sizeof(frame_header))
      throw error(errc::protocol, "using a handle of a managed object: it is "
                                  "none, its memory was damaged");
    frame_header header;
    std::memcpy(&header, message.data(), sizeof header);
    actor =
        import_actor({header.from.slot, header.from.serial, header.receiver});
  }

  caf::strong_actor_ptr actor;
};

const caf::strong_actor_ptr& actor_of(const object_ptr& held) {
  if (!held)
    throw error(errc::closed, "calling a managed object: the handle is empty");
  return held->attached<object_actor>().actor;
}

bool is_here(const caf::strong_actor_ptr& actor) {
  return actor->node() == local_node::mine().system().node();
}

[[noreturn]] void throw_failure(const caf::error& problem) {
  if (problem == caf::sec::request_receiver_down
      || caf_compat::is_exit_reason(problem))
    throw error(errc::closed, "calling a managed object: the process of its "
                              "manager has ended");
  std::rethrow_exception(exception_of(problem));
}

} // namespace

void ask_object(const caf::strong_actor_ptr& actor, const outgoing_call& call,
                std::shared_ptr<answer_sink> sink) {
  object_request request{nullptr, &call};
  if (is_here(actor))
    request = {copy_of(call), nullptr};
  actor->enqueue(caf_compat::make_element(make_port(std::move(sink)),
                                          question_id(), std::move(request)),
                 nullptr);
}

object_handle::object_handle(object_ref ref)
    : object_(open_object({ref.object, object_kind::last_will, 0})) {}

object_handle::object_handle(std::shared_ptr<object> held)
    : object_(std::move(held)) {}

object_ref object_handle::ref() const {
  if (!object_)
    throw error(errc::closed,
                "sending a handle of a managed object: it is empty");
  return {object_->id(), object_kind::last_will, 0};
}

void object_handle::send(const outgoing_call& call,
                         std::shared_ptr<answer_sink> sink) const {
  ask_object(actor_of(object_), call, std::move(sink));
}

void object_handle::expect_to_wait() const {
  if (auto running = object_host::running_here())
    if (auto& actor = actor_of(object_);
        actor->id() == running && is_here(actor))
      throw error(errc::protocol,
                  "calling a managed object from within a call of the same "
                  "object: it would wait for itself; call its functions "
                  "directly, or use the asynchronous form and do not wait");
}

std::shared_ptr<object_result> result_in(caf::message& answer) {
  if (answer.match_elements<caf::error>())
    throw_failure(answer.get_as<caf::error>(0));
  if (!answer.match_elements<object_reply>())
    throw_unexpected_result(caf::to_string(answer));
  auto& reply = answer.get_as<object_reply>(0);
  if (auto* result = std::get_if<0>(&reply.what))
    return *result;
  if (auto* refused = std::get_if<1>(&reply.what))
    throw error(static_cast<errc>(refused->kind), refused->message);
  auto& thrown = *std::get<2>(reply.what);
  throw task_failure{
      fmt::format("calling a managed object: its function, in process '{}' "
                  "(pid {}), threw {}{}{}",
                  thrown.name, thrown.pid, thrown.type,
                  thrown.message.empty() ? "" : ": ", thrown.message),
      thrown};
}

void throw_unexpected_result(std::string_view expected) {
  throw error(
      errc::protocol,
      fmt::format("calling a managed object: the answer is no {}", expected));
}

void refuse_key(std::string_view key) {
  throw object_refusal{
      errc::empty, fmt::format("reading a managed_dict: {} is not there; get() "
                               "and update_or() do without",
                               key)};
}

void refuse_index(std::size_t index, std::size_t size) {
  throw object_refusal{
      errc::empty,
      fmt::format("reading a managed_list: there is no element {}, it has {}",
                  index, size)};
}

} // namespace ramet::detail
