// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What cannot travel to another process, and what to do instead.
///
/// A process has its own memory: an address, a lock or a thread of one process
/// means nothing in another. Where a program tries to send such a thing, it
/// does not compile, and the compiler says why in one line. To read that line,
/// build this file with one of -DSHOW_ERROR_1 ... -DSHOW_ERROR_5. As it stands,
/// it prints what the compiler thinks of each thing, then does it the right
/// way.

#include <ramet/codec.hpp>
#include <ramet/mutex.hpp>
#include <ramet/pipe.hpp>
#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>

#include <functional>
#include <iostream>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

/// Prints whether T can be sent. `ramet::serializable` is a concept: the
/// compiler knows the answer, so generic code can ask before it is too late.
template <class T>
void verdict(std::string_view what) {
  std::cout << what << ": "
            << (ramet::serializable<T> ? "travels" : "does not compile")
            << std::endl;
}

// -- 1. A lambda with captures ----------------------------------------------

// What it captured lives in this process, and nothing outside the compiler
// knows what that was. Without captures it is just a function, and travels:
// what it would capture becomes arguments.
void closure() {
  int bonus = 10;
  auto add_bonus = [bonus](int x) { std::cout << x + bonus << std::endl; };
  verdict<decltype(add_bonus)>("a lambda with captures");
#ifdef SHOW_ERROR_1
  ramet::process wrong{add_bonus, 32};
#endif

  std::cout << "  its captures as arguments: " << std::flush;
  ramet::process child{
      [](int x, int more) { std::cout << x + more << std::endl; }, 32, bonus};
  child.join();
}

// -- 2. A callable bound to live state --------------------------------------

// A window has a thread that draws it, here and nowhere else. Its title and the
// queue that it reads are data: a function object made of these travels.
struct window {
  std::string title;
  std::thread drawing;

  void show(int value) { std::cout << title << value << std::endl; }
};

struct reporter {
  std::string title;
  ramet::queue<std::string> lines;

  void operator()(int value) { lines.put(title + std::to_string(value)); }
};

void bound_method() {
  window main_window{"  the window shows: ", {}};
  verdict<window>("an object that runs a thread");
#ifdef SHOW_ERROR_2
  ramet::process wrong{std::bind_front(&window::show, &main_window), 42};
#endif

  ramet::queue<std::string> lines;
  verdict<reporter>("a function object of text and a queue");
  ramet::process child{reporter{main_window.title, lines}, 42};
  std::cout << lines.get() << std::endl;
  child.join();
}

// -- 3. A pointer -----------------------------------------------------------

// The child has nothing at that address, or something else. Send the value;
// what the child makes of it comes back as a value too.
void pointer() {
  std::vector<int> numbers{1, 2, 3};
  verdict<int*>("a pointer");
#ifdef SHOW_ERROR_3
  ramet::process wrong{[](int* first) { *first = 10; }, numbers.data()};
#endif

  auto [parent_end, child_end] = ramet::pipe();
  ramet::process child{[](std::vector<int> copy, ramet::connection answer) {
                         copy.front() = 10;
                         answer.send(copy);
                       },
                       numbers, std::move(child_end)};
  std::cout << "  there and back by value:";
  for (int number : parent_end.recv<std::vector<int>>())
    std::cout << ' ' << number;
  std::cout << std::endl;
  child.join();
}

// -- 4. A lock of the standard library --------------------------------------

// A std::mutex is a word in this process's memory. A ramet::mutex is a lock
// that the processes of a family share, and is locked in the same way.
void lock() {
  verdict<std::mutex>("a std::mutex");
#ifdef SHOW_ERROR_4
  std::mutex local;
  ramet::process wrong{[](std::mutex& m) { std::scoped_lock guard{m}; },
                       std::ref(local)};
#endif

  ramet::mutex shared;
  verdict<ramet::mutex>("a ramet::mutex");
  std::unique_lock guard{shared};
  ramet::process child{[](ramet::mutex m) {
                         std::scoped_lock lock{m};
                         std::cout << "  the child: \"after you\"" << std::endl;
                       },
                       shared};
  std::cout << "  the parent: \"first me\"" << std::endl;
  guard.unlock();
  child.join();
}

// -- 5. A view inside of something ------------------------------------------

// A std::string_view that is sent by itself arrives as the text that it views.
// As a member of something it would still be a view there, of text that nobody
// owns: let the member be a std::string.
struct label_view {
  std::string_view text;
};

struct label {
  std::string text;
};

void view() {
  verdict<label_view>("a struct with a std::string_view");
#ifdef SHOW_ERROR_5
  ramet::process wrong{[](label_view l) { std::cout << l.text << std::endl; },
                       label_view{"text"}};
#endif

  verdict<label>("a struct with a std::string");
  std::string_view words = "text, and more";
  ramet::process child{[](const label& l, std::string_view more) {
                         std::cout << "  " << l.text << more << std::endl;
                       },
                       label{"as a member: text; by itself: "},
                       words.substr(0, 4)};
  child.join();
}

} // namespace

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};

  closure();
  bound_method();
  pointer();
  lock();
  view();
}
