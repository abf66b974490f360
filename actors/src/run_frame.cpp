// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "run_frame.hpp"

#include <ramet/error.hpp>

#include <vector>

namespace ramet::detail {

void run_body::count(size_counter& out) const {
  out.add(sizeof entry + sizeof call.type + call.size, call.refs);
}

void run_body::save(writer& out) const {
  out.bytes(&entry, sizeof entry);
  out.bytes(&call.type, sizeof call.type);
  std::vector<std::byte> bytes(call.size);
  std::vector<object_ref> refs(call.refs);
  call.write(call.value, bytes, refs);
  out.bytes(bytes.data(), bytes.size());
  for (auto& ref : refs)
    out.ref(ref);
}

std::unique_ptr<spawn_job> load_run(reader& in, const incoming& message) {
  code_address address;
  in.copy(&address, sizeof address, "function");
  incoming call;
  in.copy(&call.type, sizeof call.type, "type of arguments");
  auto size = in.left();
  call.bytes = {in.bytes(size, "arguments"), size};
  call.refs = message.refs;
  call.storage = message.storage;
  // NOLINTNEXTLINE(*-cast): see locate_code
  auto entry =
      reinterpret_cast<spawn_entry>(const_cast<void*>(resolve_code(address)));
  if (!entry)
    throw error(errc::protocol, "spawning an actor: no function is named");
  return entry(call);
}

} // namespace ramet::detail
