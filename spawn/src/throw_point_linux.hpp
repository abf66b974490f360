// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Where an exception was thrown: noted while the stack of the throw is still
/// there.

#pragma once

#include <functional>
#include <string>

namespace ramet::detail {

/// Calls `work`. An exception that escapes it leaves its throw point behind,
/// for describe_throw_point in this thread.
void note_throw_point(const std::function<void()>& work);

/// The frames from the throw outwards, one a line, with names as far as the
/// programs' symbol tables have them. Empty if none was noted.
std::string describe_throw_point();

/// "_ZN3abcE" as the programmer wrote it; unchanged if it is no such name.
std::string demangled(const char* name);

} // namespace ramet::detail
