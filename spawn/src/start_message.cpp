// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "start_message.hpp"

#include <ramet/error.hpp>

#include <cstring>

namespace ramet::detail {

namespace {

constexpr std::uint64_t start_message_type = 0x7472'6174'7374'6d72;

} // namespace

outgoing start_message::as_outgoing() const {
  outgoing result;
  result.type = start_message_type;
  result.size = sizeof(start_header) + arguments.size;
  result.refs = arguments.refs;
  result.value = this;
  result.write = [](const void* value, std::span<std::byte> bytes,
                    std::span<object_ref> refs) {
    auto& self = *static_cast<const start_message*>(value);
    std::memcpy(bytes.data(), &self.header, sizeof(start_header));
    if (self.arguments.write)
      self.arguments.write(self.arguments.value,
                           bytes.subspan(sizeof(start_header)), refs);
  };
  return result;
}

start_header read_start_header(const incoming& message) {
  start_header result;
  if (message.type != start_message_type
      || message.bytes.size() < sizeof result)
    throw error(errc::protocol,
                "receiving the function to run: the first message is of "
                "another kind; parent and child use different versions of "
                "ramet, build them with the same");
  std::memcpy(&result, message.bytes.data(), sizeof result);
  if (result.magic != start_header::current_magic)
    throw error(errc::protocol,
                "receiving the function to run: the start message has another "
                "layout; build parent and child with one version of ramet");
  return result;
}

std::unique_ptr<job> read_start_job(const start_header& header,
                                    const incoming& message) {
  // NOLINTNEXTLINE(*-cast): a function's address, checked to be in code
  auto entry = reinterpret_cast<job_entry>(
      const_cast<void*>(resolve_code(header.entry)));
  if (!entry)
    throw error(errc::protocol, "receiving the function to run: there is none");
  incoming arguments = message;
  arguments.type = header.arguments_type;
  arguments.bytes = message.bytes.subspan(sizeof(start_header));
  return entry(arguments);
}

} // namespace ramet::detail
