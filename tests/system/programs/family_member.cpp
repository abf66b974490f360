// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A root process for the tests of families. Its first argument says what it
// does. It says what it found on stdout and returns 0 if all is well.

#include "family.hpp"

#include <ramet/error.hpp>
#include <ramet/pipe.hpp>
#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

std::string directory() {
  return ramet::detail::family::mine().directory();
}

void require(bool holds, const char* what) {
  if (holds)
    return;
  std::cout << "not so: " << what << std::endl;
  std::exit(1);
}

// Calls `put` until there is no room; how often that went well.
int fill(auto put) {
  for (int count = 0;; ++count) {
    try {
      put(count);
    } catch (const ramet::error& e) {
      require(e.code() == ramet::errc::resource_exhausted, e.what());
      std::cout << "full: " << e.what() << std::endl;
      return count;
    }
  }
}

std::string numbered(int number, std::size_t size) {
  auto result = std::to_string(number);
  result.resize(size, 'x');
  return result;
}

void fill_and_drain(std::size_t size) {
  ramet::queue<std::string> box;
  int earlier = 0;
  for (int lap = 0; lap < 3; ++lap) {
    int count = fill([&](int number) { box.put(numbered(number, size)); });
    require(count > 0, "something can be put");
    require(lap == 0 || count >= earlier, "draining gives the memory back");
    earlier = count;
    require(box.size() == static_cast<std::size_t>(count), "all is there");
    for (int i = 0; i < count; ++i)
      require(box.get() == numbered(i, size), "what was put can be read");
    require(!box.try_get(), "no more than that");
  }
}

// Queues until there is no room for one more; then nothing else begins, either.
void use_up_everything() {
  std::vector<ramet::queue<int>> queues;
  int count = fill([&](int number) {
    ramet::queue<int> one;
    one.put(number);
    queues.push_back(one);
  });
  require(count > 0, "some queues can be made");
  std::vector<std::pair<ramet::connection, ramet::connection>> pipes;
  fill([&](int) { pipes.push_back(ramet::pipe()); });
  fill([](int) { ramet::process{[] {}}.join(); });
  for (int i = 0; i < count; ++i)
    require(queues[static_cast<std::size_t>(i)].get() == i, "queues stay");
  queues.clear();
  ramet::process child{[] {}};
  child.join();
  require(child.status()->success(), "a process starts again");
}

} // namespace

int main(int argc, char** argv) {
  try {
    ramet::runtime rt{argc, argv};
    std::string_view what = argc > 1 ? argv[1] : "";
    std::cout << "directory " << directory() << std::endl;
    if (what == "fill") {
      fill_and_drain(1000);
      fill_and_drain(100'000);
    } else if (what == "input") {
      std::cout << "input from "
                << std::filesystem::read_symlink("/proc/self/fd/0").string()
                << std::endl;
    } else if (what == "use_up") {
      use_up_everything();
    } else if (what == "stay") {
      ramet::queue<int> to;
      ramet::queue<int> from;
      ramet::process child{[](ramet::queue<int> to, ramet::queue<int> from) {
                             for (int x : to)
                               from.put(x + 1);
                           },
                           to, from};
      for (int x = 0; std::cin.get() != EOF; ++x) {
        to.put(x);
        require(from.get() == x + 1, "the child answers");
        std::cout << "answer " << x + 1 << std::endl;
      }
      to.close();
      child.join();
    } else if (what == "other_version") {
      std::fstream table{directory() + "/family"};
      std::uint32_t version = 99;
      table.seekp(8);
      table.write(reinterpret_cast<char*>(&version), sizeof version);
      table.close();
      ramet::process child{[] {}};
      child.join();
      std::cout << to_string(*child.status()) << std::endl;
    }
    std::cout << "well" << std::endl;
  } catch (const std::exception& e) {
    std::cout << "error: " << e.what() << std::endl;
    return 1;
  }
}
