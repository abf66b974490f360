// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Ends while its children write to, and read from, pipes that nobody serves.

#include <ramet/process.hpp>
#include <ramet/runtime.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace {

void write_much() {
  for (int i = 0; i < 1000; ++i)
    std::cout << std::string(1000, 'x') << std::flush;
}

void read_all() {
  for (std::string line; std::getline(std::cin, line);) {
  }
}

// Gone later than the runtime.
std::vector<ramet::process> children;
std::unique_ptr<ramet::byte_reader> moved_out;

} // namespace

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  using ramet::redirection;
  children.emplace_back(
      ramet::process_options{.setup = {.standard_output = redirection::pipe()}},
      write_much);
  children.emplace_back(
      ramet::process_options{.setup = {.standard_input = redirection::pipe()}},
      read_all);
  ramet::process third{{.setup = {.standard_output = redirection::pipe()}},
                       write_much};
  moved_out =
      std::make_unique<ramet::byte_reader>(std::move(third.standard_output()));
  std::cout << "main returns" << std::endl;
}
