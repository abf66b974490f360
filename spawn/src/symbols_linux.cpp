// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "symbols_linux.hpp"

#include <boost/stacktrace/frame.hpp>

namespace ramet::detail {

code_place find_symbol(std::uintptr_t address) {
  // NOLINTNEXTLINE(*-int-to-ptr): an address taken from the stack
  boost::stacktrace::frame frame{reinterpret_cast<const void*>(address)};
  return {frame.name(), boost::stacktrace::to_string(frame)};
}

} // namespace ramet::detail
