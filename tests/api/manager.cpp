// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program as users write it: objects in a process of their own.

#include <ramet/manager.hpp>
#include <ramet/runtime.hpp>

#include <iostream>
#include <string>

class tally {
public:
  explicit tally(int start) : sum_(start) {}
  int add(int x) { return sum_ += x; }

private:
  int sum_;
};

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  ramet::manager m;
  auto d = m.dict<std::string, int>();
  d.set("a", 1);
  d.at("a");
  d.update("a", [](int& v) { ++v; });
  auto c = m.make<tally>(10);
  c.call(&tally::add, 5);
  bool right = d.at("a") == 2 && c.call(&tally::add, 0) == 15;
  std::cout << d.at("a") << ' ' << c.call(&tally::add, 0) << std::endl;
  return right ? 0 : 1;
}
