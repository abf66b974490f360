// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Whether a person looks at what is written.

#pragma once

namespace ramet::detail {

/// True when stderr is a terminal, where a line can be written anew.
bool errors_go_to_terminal() noexcept;

} // namespace ramet::detail
