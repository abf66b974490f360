// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "run_frame.hpp"

#include "named_function.hpp"

namespace ramet::detail {

void run_body::count(size_counter& out) const {
  out.add(sizeof entry + sizeof call.type + call.size, call.refs);
}

void run_body::save(writer& out) const {
  out.bytes(&entry, sizeof entry);
  out.bytes(&call.type, sizeof call.type);
  call.write(call.value, out.room(call.size), out.room_for_refs(call.refs));
}

std::unique_ptr<spawn_job> load_run(reader& in, const incoming& message) {
  auto entry = take_function<spawn_entry>(in, "function", "spawning an actor");
  incoming call;
  in.copy(&call.type, sizeof call.type, "type of arguments");
  auto size = in.left();
  call.bytes = {in.bytes(size, "arguments"), size};
  call.refs = message.refs;
  call.storage = message.storage;
  return entry(call);
}

} // namespace ramet::detail
