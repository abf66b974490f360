// expect: an argument of an initializer must be copyable
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/pool.hpp>

#include <ramet/connection.hpp>

#include <utility>

void talk(ramet::connection end);

void start(ramet::connection end) {
  ramet::pool pool{{.initializer = {talk, std::move(end)}}};
}
