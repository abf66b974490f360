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
  std::vector<std::string> numbers; ///< what they are; the milliseconds are
                                    ///< one more
  std::function<seconds(const std::vector<std::size_t>&, seconds)> run;
};

inline int run_command(const std::vector<command>& commands, int argc,
                       char** argv) {
  std::string_view name = argc > 1 ? argv[1] : "";
  for (const auto& each : commands) {
    if (each.name != name
        || static_cast<std::size_t>(argc) != each.numbers.size() + 3)
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
  for (const auto& each : commands) {
    auto line = "  " + each.name;
    for (const auto& number : each.numbers)
      line += " " + number;
    std::fprintf(stderr, "%s MILLISECONDS\n", line.c_str());
  }
  return 2;
}

/// Makes a command of a function of nothing, one number, or two.
inline command plain(std::string_view name, seconds (*run)(seconds)) {
  return {std::string{name}, {}, [run](const auto&, seconds budget) {
            return run(budget);
          }};
}

inline command with_one(std::string_view name, std::string_view number,
                        seconds (*run)(std::size_t, seconds)) {
  return {std::string{name},
          {std::string{number}},
          [run](const auto& numbers, seconds budget) {
            return run(numbers.at(0), budget);
          }};
}

inline command with_two(std::string_view name, std::string_view first,
                        std::string_view second,
                        seconds (*run)(std::size_t, std::size_t, seconds)) {
  return {std::string{name},
          {std::string{first}, std::string{second}},
          [run](const auto& numbers, seconds budget) {
            return run(numbers.at(0), numbers.at(1), budget);
          }};
}

/// Of messages.
inline command sized(std::string_view name,
                     seconds (*run)(std::size_t, seconds)) {
  return with_one(name, "BYTES", run);
}

/// Of queues.
inline command crewed(std::string_view name,
                      seconds (*run)(std::size_t, std::size_t, seconds)) {
  return with_two(name, "PRODUCERS", "CONSUMERS", run);
}

/// Of pools.
inline command chunked(std::string_view name,
                       seconds (*run)(std::size_t, seconds)) {
  return with_one(name, "CHUNK", run);
}

inline command staffed(std::string_view name,
                       seconds (*run)(std::size_t, std::size_t, seconds)) {
  return with_two(name, "WORKERS", "NANOSECONDS", run);
}

} // namespace bench
