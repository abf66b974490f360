// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A picture of the Mandelbrot set, computed by the workers of a pool and
/// written as PNG.
///
/// Some rows take a hundred times as long as others, so they are given out a
/// few at a time, to whoever is free; they come back in order all the same. If
/// a worker is killed, its few rows are computed again.

#include "mandelbrot/picture.hpp"
#include "mandelbrot/png_file.hpp"
#include "timeline_option.hpp"

#include <ramet/pool.hpp>
#include <ramet/runtime.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <ranges>
#include <string>
#include <tuple>
#include <utility>

int main(int argc, char** argv) try {
  ramet::runtime rt{argc, argv};

  CLI::App app{"Draws the Mandelbrot set with many processes."};
  examples::view view;
  std::pair<double, double> centre{view.re, view.im};
  std::size_t workers = 0;
  std::string output = "mandelbrot.png";
  app.add_option("--width", view.width, "Pixels in a row")
      ->check(CLI::Range(1, 32768))
      ->capture_default_str();
  app.add_option("--height", view.height, "Number of rows")
      ->check(CLI::Range(1, 32768))
      ->capture_default_str();
  app.add_option("--workers", workers,
                 "Number of worker processes; default: one a processor")
      ->check(CLI::Range(1, 1000));
  app.add_option("--centre", centre, "Where the middle is: RE IM")
      ->capture_default_str();
  app.add_option("--zoom", view.zoom, "How many times larger than 2.5 high")
      ->check(CLI::Range(1e-3, 1e13))
      ->capture_default_str();
  app.add_option("--iterations", view.iterations,
                 "When a point counts as belonging to the set")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str();
  app.add_option("--output", output, "The file to write")
      ->capture_default_str();
  examples::timeline_option timeline{app};
  CLI11_PARSE(app, argc, argv);
  std::tie(view.re, view.im) = centre;

  auto start = std::chrono::steady_clock::now();
  ramet::pool pool{{.workers = workers,
                    .name = "mandelbrot",
                    .timeline = timeline.wanted()}};
  constexpr std::size_t chunk = 4;
  examples::pixels all;
  all.reserve(std::size_t{3} * view.width * view.height);
  for (auto& row :
       pool.imap(examples::row_painter{view}, std::views::iota(0u, view.height),
                 {.window = 16 * chunk * pool.size(),
                 .chunk = chunk,
                 .retries = 2,
                 .progress = ramet::progress_bar("rows")}))
    all.insert(all.end(), row.begin(), row.end());
  examples::write_png(output, view, all);
  timeline.save(pool);

  std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  fmt::print("{} x {} in {:.2f} s, {:.0f} rows/s, {}\n", view.width,
             view.height, time.count(), view.height / time.count(), output);
  return EXIT_SUCCESS;
} catch (const std::exception& e) {
  fmt::print(stderr, "mandelbrot: {}\n", e.what());
  return EXIT_FAILURE;
}
