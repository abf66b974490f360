// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Writes the picture of the example mandelbrot.

#pragma once

#include "picture.hpp"

#include <filesystem>

namespace examples {

/// `all`: the rows from the top. @throws std::runtime_error
void write_png(const std::filesystem::path& file, const view& what,
               const pixels& all);

} // namespace examples
