// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The messages between callers and managed objects, whatever the types of
/// arguments and results: only these two types are known to CAF.

#pragma once

#include <ramet/detail/caf_compat.hpp>
#include <ramet/detail/message_types.hpp>
#include <ramet/detail/object_call.hpp>
#include <ramet/detail/question.hpp>
#include <ramet/remote_exception.hpp>

#include <memory>
#include <optional>
#include <string>
#include <variant>

namespace ramet::detail {

/// One call: as it is sent, it refers to the caller's values and lives no
/// longer; as it is received, it is the call itself.
struct object_request {
  std::shared_ptr<object_job> job;
  const outgoing_call* sent = nullptr;
};

struct object_reply {
  /// Of a call that ramet itself refused.
  struct refusal {
    std::uint32_t kind = 0;
    std::string message;
  };

  std::variant<std::shared_ptr<object_result>, refusal,
               std::shared_ptr<remote_exception>>
      what;
};

/// Nobody has a handle of this object any more.
using released_atom = caf_compat::atom<"released">;
/// Asks how many objects there are.
using count_atom = caf_compat::atom<"objects">;

template <>
struct wire<object_request> {
  using parts = type_list<>;
  static consteval extent least() { return {sizeof(code_address), 0, false}; }
  static void save(size_counter& out, const object_request& x);
  static void save(writer& out, const object_request& x);
  static object_request load(reader& in);
};

template <>
struct wire<object_reply> {
  using parts = type_list<>;
  static consteval extent least() { return {1, 0, false}; }
  static void save(size_counter& out, const object_reply& x);
  static void save(writer& out, const object_reply& x);
  static object_reply load(reader& in);
};

/// Sends the call to an object's actor, or to the factory. What comes of it
/// goes to `sink`. @throws what encoding throws
void ask_object(const caf::strong_actor_ptr& actor, const outgoing_call& call,
                std::shared_ptr<answer_sink> sink);

/// The call as its receiver in the same process gets it: values are copied, as
/// on the way to another one.
std::shared_ptr<object_job> copy_of(const outgoing_call& call);

} // namespace ramet::detail
