// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Pipes: one child sends a list of mixed values, another talks both ways.
///
/// A pipe has two ends, and each end has one owner: the child's end is moved
/// into the child. Any serializable type may be sent at any time; the receiver
/// says which type it expects, and another one is an error, not garbage.

#include <ramet/pipe.hpp>
#include <ramet/process.hpp>
#include <ramet/runtime.hpp>

#include <iostream>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using mixed_list = std::vector<std::variant<std::string, int>>;

// An aggregate of serializable members is serializable: nothing more to write.
struct person {
  std::string name;
  int spam;
};

void sender(ramet::connection pipe) {
  pipe.send(mixed_list{"spam", 42, "eggs"});
  pipe.close();
}

void talker(ramet::connection pipe) {
  pipe.send(person{"Bob", 42});
  auto reply = pipe.recv<std::set<std::string>>();
  std::cout << "talker got:";
  for (const auto& word : reply)
    std::cout << ' ' << word;
  std::cout << std::endl;
}

} // namespace

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};

  {
    auto [parent_end, child_end] = ramet::pipe();
    ramet::process child{sender, std::move(child_end)};
    std::cout << "parent got:";
    for (const auto& item : parent_end.recv<mixed_list>())
      std::visit([](const auto& value) { std::cout << ' ' << value; }, item);
    std::cout << std::endl;
  }

  auto [parent_end, child_end] = ramet::pipe();
  ramet::process child{talker, std::move(child_end)};
  auto bob = parent_end.recv<person>();
  std::cout << "parent got: name " << bob.name << ", spam " << bob.spam
            << std::endl;
  parent_end.send(std::set<std::string>{"ss", "pp", "aa", "mm"});
  child.join();
  std::cout << "parent exit" << std::endl;
}
