// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Pictures of the Mandelbrot set for the example mandelbrot, row by row;
/// nothing here knows of processes.

#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

namespace examples {

/// Which part of the plane the picture shows, and how.
struct view {
  std::uint32_t width = 1200; ///< pixels
  std::uint32_t height = 800; ///< pixels
  double re = -0.75;          ///< of the picture's centre
  double im = 0;
  double zoom = 1;                 ///< at 1 the picture is 2.5 high
  std::uint32_t iterations = 1000; ///< a point that has not left by then is in
};

/// Red, green and blue of one pixel after another.
using pixels = std::vector<std::uint8_t>;

/// Computes one row of the picture. It is sent to the workers as it is: a
/// function with what it needs to know.
struct row_painter {
  view what;

  /// Row 0 is at the top.
  pixels operator()(std::uint32_t y) const {
    // Counted from the middle, so that above and below it are alike to the bit.
    auto step = 2.5 / what.zoom / what.height;
    auto im = what.im + (0.5 * (what.height - 1.0) - y) * step;
    pixels row;
    row.reserve(std::size_t{3} * what.width);
    for (std::uint32_t x = 0; x < what.width; ++x)
      paint(what.re + (x - 0.5 * (what.width - 1.0)) * step, im, row);
    return row;
  }

private:
  void paint(double re, double im, pixels& row) const {
    double x = 0;
    double y = 0;
    std::uint32_t n = 0;
    constexpr double far = 1 << 16; // makes the colours smooth; 4 would do
    for (; n < what.iterations && x * x + y * y < far; ++n) {
      auto next = x * x - y * y + re;
      y = 2 * x * y + im;
      x = next;
    }
    if (n == what.iterations) {
      row.insert(row.end(), 3, 0);
      return;
    }
    // How soon it left, without steps: log2 log |z| grows by 1 each time.
    auto time = n + 1 - std::log2(std::log2(x * x + y * y) / 2);
    for (double shift : {0.0, 0.1, 0.2}) { // of red, green and blue
      auto wave = std::cos(0.4 * std::log(time + 4) * 2 * std::numbers::pi
                           + 2 * std::numbers::pi * (shift + 0.5));
      row.push_back(static_cast<std::uint8_t>(130 + 120 * wave));
    }
  }
};

} // namespace examples
