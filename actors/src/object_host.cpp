// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "object_host.hpp"

#include "family.hpp"
#include "frame.hpp"
#include "last_will.hpp"
#include "local_node.hpp"

#include <ramet/detail/async_link.hpp>
#include <ramet/error.hpp>

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <utility>

namespace ramet::detail {

namespace {

constinit std::atomic<std::uint64_t> objects{0};
constinit thread_local std::uint64_t running = 0;

// What the process finds in its mailbox when nobody has a handle: the frame of
// an ordinary message to the object's actor.
struct release_body {
  caf::message what = caf::make_message(released_atom::value);
  void count(size_counter& out) const { put(out, what); }
  void save(writer& out) const { put(out, what); }
};

} // namespace

void object_site::check_type(const type_info& wanted) const {
  if (!object)
    throw object_refusal{errc::closed, "calling a managed object: it has gone"};
  if (object->type != wanted.id)
    throw object_refusal{
        errc::type_mismatch,
        fmt::format("calling a managed object: it is of type {}, expected {}",
                    type_name(object->type), wanted.name)};
}

object_host::object_host(caf::actor_config& config)
    : event_based_actor(config) {
  objects.fetch_add(1, std::memory_order_relaxed);
}

object_host::~object_host() = default;

void object_host::on_exit() {
  object.reset();
  objects.fetch_sub(1, std::memory_order_relaxed);
  event_based_actor::on_exit();
}

std::uint64_t object_host::running_here() {
  return running;
}

std::uint64_t object_host::count() {
  return objects.load(std::memory_order_relaxed);
}

caf::behavior object_host::make_behavior() {
  return {
      [this](const object_request& request) { return answer(request); },
      [this](released_atom) { quit(); },
  };
}

object_reply object_host::answer(const object_request& request) {
  object_reply reply;
  running = id();
  auto thrown = exception_of([&] {
    try {
      reply.what = request.job->run(*this);
    } catch (object_refusal& refused) {
      reply.what = object_reply::refusal{
          static_cast<std::uint32_t>(refused.kind), std::move(refused.message)};
    }
  });
  running = 0;
  if (thrown)
    reply.what = std::make_shared<remote_exception>(std::move(*thrown));
  if (!object)
    quit(); // it could not be made
  return reply;
}

object_handle object_host::handle() {
  auto words =
      local_node::mine().words_of(caf::actor_cast<caf::strong_actor_ptr>(this));
  frame_header header;
  header.from = member_id::mine();
  header.receiver = words.id;
  header.id = caf::message_id{}.integer_value();
  release_body body;
  auto message = frame<release_body>{header, body};
  auto out = message.as_outgoing();
  std::array<std::byte, max_last_message> room;
  auto bytes = std::span{room}.first(out.size);
  out.write(out.value, bytes, {});
  auto inbox = mailbox::open(
      {family::mine().own_page().inbox.load(), object_kind::mailbox, 0});
  return object_handle{make_last_will(inbox, out.type, bytes)};
}

caf::behavior object_factory::make_behavior() {
  return {
      [this](const object_request& request) {
        return caf_compat::delegate(
            this, caf::actor_cast<caf::actor>(spawn<object_host>()), request);
      },
      [](count_atom) { return object_host::count(); },
  };
}

} // namespace ramet::detail
