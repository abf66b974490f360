// expect: a pointer cannot travel to another process: send the value it points to
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/codec.hpp>

class account {
public:
  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, account& x) {
    return f(x.owner_);
  }

private:
  int* owner_ = nullptr;
};

void send(const account& x) {
  ramet::encode(x);
}
