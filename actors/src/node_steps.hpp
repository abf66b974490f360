// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What the rooms of local_node share.

#pragma once

#include "local_node.hpp"

#include <caf/send.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>

namespace ramet::detail {

/// For what nobody can be told by an exception or an answer.
inline void tell(const std::string& text) {
  auto line = fmt::format("ramet: {}\n", text);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

inline void tell_dropped(const std::exception& problem) {
  tell(fmt::format("a message to this process is dropped: {}", problem.what()));
}

struct error_body {
  const caf::error& what;
  void count(size_counter& out) const { put(out, what); }
  void save(writer& out) const { put(out, what); }
};

/// This thread delivers what has arrived, and must not wait.
inline thread_local bool delivering = false;

inline caf::error error_of(caf::sec code, std::string text) {
  return caf::make_error(code, std::move(text));
}

inline void answer_with(const caf::strong_actor_ptr& requester,
                        caf::message_id request, caf::error problem) {
  if (requester && request.is_request())
    caf_compat::deliver(requester, request.response_id(),
                        caf::make_message(std::move(problem)), nullptr);
}

} // namespace ramet::detail
