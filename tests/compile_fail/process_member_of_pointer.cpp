// expect: a pointer cannot travel to another process
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/process.hpp>

struct account {
  int balance = 0;
  void show() const;
};

void start() {
  account mine;
  ramet::process p{&account::show, &mine};
}
