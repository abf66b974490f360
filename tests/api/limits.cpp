// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program as users write it: limits and surroundings of a process, as in the
// guide.

#include <ramet/process.hpp>
#include <ramet/runtime.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using namespace ramet::literals;

void expect(bool condition, const char* what) {
  if (!condition) {
    std::cerr << "not so: " << what << std::endl;
    std::_Exit(1);
  }
}

void work() {
  std::cout << std::filesystem::current_path().native() << ' '
            << std::getenv("LANG") << ' ' << std::cin.peek() << std::endl;
  std::cerr << "done" << std::endl;
}

void sort_lines() {
  std::vector<std::string> lines;
  for (std::string line; std::getline(std::cin, line);)
    lines.push_back(line);
  std::ranges::sort(lines);
  for (auto& line : lines)
    std::cout << line << '\n';
  std::cerr << "sorted\n";
}

std::string contents(const char* name) {
  std::ifstream file{name};
  return {std::istreambuf_iterator<char>{file}, {}};
}

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  std::string own = std::filesystem::temp_directory_path() / "ramet-limits-XXXXXX";
  expect(mkdtemp(own.data()), "there is a directory");
  std::filesystem::current_path(own);

  ramet::process p{{.setup = {.limits = {.address_space = std::size_t{1} << 47,
                                         .cpu_time = 10s,
                                         .open_files = 100,
                                         .core_size = 0},
                              .nice = 10,
                              .working_directory = "/tmp",
                              .environment = {.set = {{"LANG", "C"}},
                                              .unset = {"DISPLAY"}},
                              .standard_input = ramet::redirection::null(),
                              .standard_output = ramet::redirection::file("out.txt"),
                              .standard_error = ramet::redirection::append("log.txt")}},
                   work};
  p.join();
  expect(p.status()->success(), "it worked");
  expect(contents("out.txt") == "/tmp C -1\n", "its output is in the file");
  expect(contents("log.txt") == "done\n", "its errors are in the file");

  using ramet::redirection;
  ramet::process sorter{{.setup = {.standard_input = redirection::pipe(),
                                   .standard_output = redirection::pipe(),
                                   .standard_error = redirection::output()}},
                        sort_lines};
  sorter.standard_input().write("b\na\n");
  sorter.standard_input().close();
  std::string all;
  for (auto part = sorter.standard_output().read(); !part.empty();
       part = sorter.standard_output().read())
    all += part;
  sorter.join();
  expect(all == "a\nb\nsorted\n" || all == "sorted\na\nb\n", "it is sorted");

  ramet::process again{{.setup = {.standard_input = redirection::pipe(),
                                  .standard_output = redirection::pipe(),
                                  .standard_error = redirection::pipe()}},
                       sort_lines};
  auto [output, errors] = again.communicate("d\nc\n");
  expect(output == "c\nd\n" && errors == "sorted\n", "both are captured");

  std::filesystem::current_path("/");
  std::filesystem::remove_all(own);
  std::cout << "ok" << std::endl;
}
