// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program as users write it: pipes.

#include <ramet/pipe.hpp>
#include <ramet/process.hpp>
#include <ramet/runtime.hpp>

#include <cstdlib>
#include <iostream>
#include <set>
#include <string>

using namespace std::chrono_literals;

void expect(bool condition, const char* what) {
  if (!condition) {
    std::cerr << "not so: " << what << std::endl;
    std::_Exit(1);
  }
}

struct person { std::string name; int spam; };                   // an aggregate: nothing more to write
void talker(ramet::connection pipe) {
  pipe.send(person{"Bob", 42});
  auto reply = pipe.recv<std::set<std::string>>();
  pipe.send(reply.size());
  pipe.send(1, 2.0);
  pipe.send_bytes(std::as_bytes(std::span("spam", 4)));
  pipe.send_bytes(std::as_bytes(std::span("eggs", 4)));
}
int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  auto [parent_end, child_end] = ramet::pipe();
  ramet::process child{talker, std::move(child_end)};
  auto bob = parent_end.recv<person>();                            // another type waiting: errc::type_mismatch, message stays
  expect(bob.name == "Bob" && bob.spam == 42, "Bob arrives");
  expect(!parent_end.try_recv<int>(), "nothing waits");
  expect(!parent_end.recv_for<int>(1ms), "nothing comes");
  expect(!parent_end.poll(), "nothing to poll");
  parent_end.send(std::set<std::string>{"ss", "pp", "aa", "mm"});
  expect(parent_end.poll_for(10s), "an answer comes");
  try {
    parent_end.recv<person>();
    expect(false, "a mismatch throws");
  } catch (const ramet::error& e) {
    expect(e.code() == ramet::errc::type_mismatch, "a mismatch is told");
  }
  expect(parent_end.recv<std::size_t>() == 4, "four names");
  double sum = 0;
  parent_end.receive([](const person&) {}, [&](int a, double b) { sum = a + b; });
  expect(sum == 3, "two values as one");
  expect(parent_end.recv_bytes().size() == 4, "bytes");
  auto view = parent_end.recv_view();
  expect(view.size() == 4 && view.data()[0] == std::byte{'e'}, "a view");
  child.join();
  try {
    parent_end.recv<int>();
    expect(false, "the end of the stream throws");
  } catch (const ramet::error& e) {
    expect(e.code() == ramet::errc::closed, "the end of the stream is told");
  }
  parent_end.close();
  std::cout << "ok" << std::endl;
}
