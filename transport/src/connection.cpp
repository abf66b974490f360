// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/connection.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace ramet {

namespace {

const detail::type_info& bytes_type() {
  return detail::type_id_of<detail::raw_bytes>();
}

} // namespace

void connection::throw_closed(const char* verb) const {
  throw error(errc::closed,
              fmt::format("connection::{}: {}", verb, side_.why_closed()));
}

void connection::throw_mismatch(const char* verb, std::string_view expected,
                                std::uint64_t found) {
  throw error(errc::type_mismatch,
              fmt::format("connection::{}: type_mismatch: expected {}, found "
                          "{}; the message is still there, receive it as what "
                          "it is",
                          verb, expected, detail::type_name(found)));
}

bool connection::put_message(const char* verb, const detail::outgoing& message,
                             detail::deadline until) {
  switch (side_.put(message, until)) {
  case detail::put_status::done:
    return true;
  case detail::put_status::timed_out:
    return false;
  case detail::put_status::closed:
    break;
  }
  throw_closed(verb);
}

bool connection::take_message(const char* verb,
                              const detail::type_info& expected,
                              detail::deadline until,
                              detail::receiver receive) {
  std::uint64_t found = expected.id;
  auto status = side_.take(
      [&](const detail::incoming& message) {
        found = message.type;
        return found == expected.id ? receive(message) : detail::verdict::leave;
      },
      until);
  if (status == detail::take_status::closed)
    throw_closed(verb);
  if (found != expected.id)
    throw_mismatch(verb, expected.name, found);
  return status == detail::take_status::done;
}

void connection::send_bytes(std::span<const std::byte> bytes) {
  detail::outgoing message;
  message.type = bytes_type().id;
  message.size = bytes.size();
  message.value = bytes.data();
  message.write = [](const void* value, std::span<std::byte> to,
                     std::span<detail::object_ref>) {
    if (!to.empty())
      std::memcpy(to.data(), value, to.size());
  };
  put_message("send_bytes", message, detail::deadline::never());
}

std::optional<std::vector<std::byte>>
connection::take_bytes(const char* verb, detail::deadline until) {
  std::optional<std::vector<std::byte>> result;
  take_message(verb, bytes_type(), until, [&](const detail::incoming& message) {
    result.emplace(message.bytes.begin(), message.bytes.end());
    return detail::verdict::consume;
  });
  return result;
}

std::vector<std::byte> connection::recv_bytes() {
  return *take_bytes("recv_bytes", detail::deadline::never());
}

std::optional<std::vector<std::byte>> connection::try_recv_bytes() {
  return take_bytes("try_recv_bytes", detail::deadline::now());
}

std::size_t connection::recv_bytes(std::span<std::byte> buffer) {
  std::size_t size = 0;
  take_message("recv_bytes", bytes_type(), detail::deadline::never(),
               [&](const detail::incoming& message) {
                 size = message.bytes.size();
                 if (size > buffer.size())
                   return detail::verdict::leave;
                 std::copy(message.bytes.begin(), message.bytes.end(),
                           buffer.begin());
                 return detail::verdict::consume;
               });
  if (size > buffer.size())
    throw error(errc::full,
                fmt::format("connection::recv_bytes: the message has {} bytes "
                            "and the buffer room for {}; it is still there, "
                            "receive it into a larger one",
                            size, buffer.size()));
  return size;
}

message_view connection::recv_view() {
  message_view result;
  take_message("recv_view", bytes_type(), detail::deadline::never(),
               [&](const detail::incoming& message) {
                 if (message.storage) {
                   result = {message.bytes, message.storage};
                 } else {
                   auto copy = std::make_shared<std::vector<std::byte>>(
                       message.bytes.begin(), message.bytes.end());
                   result = {*copy, copy};
                 }
                 return detail::verdict::consume;
               });
  return result;
}

detail::waitable connection::waitable() const {
  return {this,
          [](const void* thing) {
            return static_cast<const connection*>(thing)->side_.ready();
          },
          [](const void* thing) {
            auto& side = static_cast<const connection*>(thing)->side_;
            auto result = side.native_handle();
            side.rearm();
            return result;
          }};
}

bool connection::wait_ready(detail::deadline until) const {
  return side_.take(
             [](const detail::incoming&) { return detail::verdict::leave; },
             until)
         != detail::take_status::timed_out;
}

} // namespace ramet
