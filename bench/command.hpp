// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The command line of a contestant: NAME NUMBER... MILLISECONDS. It prints the
/// seconds that one work takes.

#pragma once

#include "measure.hpp"

#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Thrown by what this build does not have: no failure, but no figure either.
class unavailable : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct command {
  std::string name;
  std::size_t numbers; ///< how many, without the milliseconds
  std::function<seconds(const std::vector<std::size_t>&, seconds)> run;
};

inline int run_command(const std::vector<command>& commands, int argc,
                       char** argv) {
  std::string_view name = argc > 1 ? argv[1] : "";
  for (const auto& each : commands) {
    if (each.name != name || static_cast<std::size_t>(argc) != each.numbers + 3)
      continue;
    try {
      std::vector<std::size_t> numbers;
      for (int i = 2; i < argc; ++i)
        numbers.push_back(std::stoul(argv[i]));
      seconds budget = std::chrono::milliseconds{numbers.back()};
      numbers.pop_back();
      std::printf("%.10g\n", each.run(numbers, budget).count());
      return 0;
    } catch (const unavailable& e) {
      std::fprintf(stderr, "%s\n", e.what());
      return 77;
    } catch (const std::exception& e) {
      std::fprintf(stderr, "%s: %s\n", argv[1], e.what());
      return 1;
    }
  }
  std::fprintf(stderr, "usage: one of\n");
  for (const auto& each : commands)
    std::fprintf(stderr, "  %s%s MILLISECONDS\n", each.name.c_str(),
                 each.numbers == 0   ? ""
                 : each.numbers == 1 ? " BYTES"
                                     : " PRODUCERS CONSUMERS");
  return 2;
}

/// Makes a command of a function of one size, two counts, or nothing.
inline command sized(std::string_view name,
                     seconds (*run)(std::size_t, seconds)) {
  return {std::string{name}, 1, [run](const auto& numbers, seconds budget) {
            return run(numbers.at(0), budget);
          }};
}

inline command crewed(std::string_view name,
                      seconds (*run)(std::size_t, std::size_t, seconds)) {
  return {std::string{name}, 2, [run](const auto& numbers, seconds budget) {
            return run(numbers.at(0), numbers.at(1), budget);
          }};
}

inline command plain(std::string_view name, seconds (*run)(seconds)) {
  return {std::string{name}, 0,
          [run](const auto&, seconds budget) { return run(budget); }};
}

} // namespace bench
