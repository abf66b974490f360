// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/queue.hpp>

#include <fmt/format.h>

namespace ramet::detail {

bool queue_base::put(const char* verb, const outgoing& message,
                     deadline until) {
  switch (box_.put(message, until)) {
  case put_status::done:
    return true;
  case put_status::timed_out:
    return false;
  case put_status::closed:
    break;
  }
  throw error(errc::closed,
              fmt::format("queue::{}: the queue was closed; nothing more can "
                          "be put",
                          verb));
}

bool queue_base::take(const char* verb, const type_info& expected,
                      deadline until, receiver receive) {
  std::uint64_t found = expected.id;
  auto status = box_.take(
      [&](const incoming& message) {
        found = message.type;
        return found == expected.id ? receive(message) : verdict::leave;
      },
      until);
  if (status == take_status::closed)
    throw error(errc::closed,
                fmt::format("queue::{}: the queue was closed and all its items "
                            "are taken",
                            verb));
  if (found != expected.id)
    throw error(errc::type_mismatch,
                fmt::format("queue::{}: type_mismatch: expected {}, found {}; "
                            "all handles of a queue must have one item type",
                            verb, expected.name, type_name(found)));
  return status == take_status::done;
}

waitable queue_base::waitable() const {
  return {&box_,
          [](const void* thing) {
            return static_cast<const mailbox*>(thing)->ready();
          },
          [](const void* thing) {
            auto box = *static_cast<const mailbox*>(thing);
            auto result = box.native_handle();
            box.rearm();
            return result;
          }};
}

} // namespace ramet::detail
