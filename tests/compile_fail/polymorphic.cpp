// expect: a polymorphic class cannot travel as it is: give it an inspect(f, x), or send a std::variant
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/codec.hpp>

struct shape {
  virtual ~shape() = default;
  virtual double area() const = 0;
};

void send(const shape& x) {
  ramet::encode(x);
}
