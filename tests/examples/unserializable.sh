# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# Usage: unserializable.sh PROGRAM
source "${BASH_SOURCE%/*}/support.sh"

expect_equal "output" 'a lambda with captures: does not compile
  its captures as arguments: 42
an object that runs a thread: does not compile
a function object of text and a queue: travels
  the window shows: 42
a pointer: does not compile
  there and back by value: 10 2 3
a std::mutex: does not compile
a ramet::mutex: travels
  the parent: "first me"
  the child: "after you"
a struct with a std::string_view: does not compile
a struct with a std::string: travels
  as a member: text; by itself: text' "$("$1")"
