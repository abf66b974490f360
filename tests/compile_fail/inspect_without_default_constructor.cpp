// expect: a type with inspect(f, x) needs a default constructor to be received
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/codec.hpp>

struct account {
  explicit account(int opening) : balance(opening) {}
  int balance;
};

template <class Inspector>
bool inspect(Inspector& f, account& x) {
  return f.object(x).fields(f.field("balance", x.balance));
}

void send(const account& x) {
  ramet::encode(x);
}
