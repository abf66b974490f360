// expect: this type cannot travel to another process: give it an inspect(f, x), or make it a plain aggregate
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/codec.hpp>

class account {
public:
  int balance() const { return balance_; }

private:
  int balance_ = 0;
};

void send(const account& x) {
  ramet::encode(x);
}
