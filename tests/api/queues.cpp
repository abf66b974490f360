// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program as users write it: queues, a functor with state, and wait.

#include <ramet/pipe.hpp>
#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>
#include <ramet/wait.hpp>

#include <cstdlib>
#include <iostream>
#include <utility>

using namespace std::chrono_literals;

void expect(bool condition, const char* what) {
  if (!condition) {
    std::cerr << "not so: " << what << std::endl;
    std::_Exit(1);
  }
}

struct counter {
  int state;
  ramet::queue<std::pair<int, int>> post;
  void operator()() { for (int i = 0; i < 3; ++i) post.put({ramet::this_process().pid(), ++state}); }
};
int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  ramet::queue<std::pair<int, int>> post;                          // unbounded; {.maxsize = 100} bounds it
  ramet::queue<std::pair<int, int>> bounded{{.maxsize = 100}};
  auto [parent_end, child_end] = ramet::pipe();
  ramet::process p{counter{0, post}}, q{counter{100, post}};
  p.join();
  q.join();
  auto ready = ramet::wait_for(1s, parent_end, post, p);           // which are ready; also wait(...), and native descriptors
  expect(!ready.contains(parent_end) && ready.contains(post) && ready.contains(p), "the queue and the process are ready");
  int sum = 0;
  auto item = post.try_get();                                      // put try_put put_for get try_get get_for
  expect(item.has_value(), "an item");
  sum += item->second;
  post.task_done();
  expect(post.size() == 5 && !post.empty() && !post.full(), "five are left");
  post.close();
  for (auto& x : post) { sum += x.second; post.task_done(); }      // until closed and drained
  post.join();
  expect(sum == 1 + 2 + 3 + 101 + 102 + 103, "all were counted");
  std::cout << "ok" << std::endl;
}
