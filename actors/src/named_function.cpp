// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "named_function.hpp"

#include <ramet/detail/code_address.hpp>
#include <ramet/error.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <unordered_map>

namespace ramet::detail {

namespace {

struct hash_of_code {
  std::size_t operator()(const code_address& x) const {
    return static_cast<std::size_t>((x.offset ^ x.build_low)
                                    * 0x9e37'79b9'7f4a'7c15);
  }
};

} // namespace

// Looking through the loaded modules each time costs more than all else.
const void* take_code(reader& in, const char* part, const char* operation) {
  code_address address;
  in.copy(&address, sizeof address, part);
  thread_local std::unordered_map<code_address, const void*, hash_of_code>
      known;
  if (auto found = known.find(address); found != known.end())
    return found->second;
  auto* code = resolve_code(address);
  if (!code)
    throw error(errc::protocol,
                fmt::format("{}: no function is named", operation));
  known.emplace(address, code);
  return code;
}

} // namespace ramet::detail
