// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "named_function.hpp"

#include <ramet/detail/code_address.hpp>
#include <ramet/error.hpp>

#include <fmt/format.h>

namespace ramet::detail {

const void* take_code(reader& in, const char* part, const char* operation) {
  code_address address;
  in.copy(&address, sizeof address, part);
  if (auto* code = resolve_code(address))
    return code;
  throw error(errc::protocol,
              fmt::format("{}: no function is named", operation));
}

} // namespace ramet::detail
