// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Names of places in code.

#pragma once

#include <cstdint>
#include <string>

namespace ramet::detail {

struct code_place {
  std::string function;    ///< Demangled; empty when unknown.
  std::string description; ///< For people: function, source line or module.
};

/// Says as much as the program's symbols and debug information know. Slow: for
/// reports of failures.
code_place find_symbol(std::uintptr_t address);

} // namespace ramet::detail
