// expect: an argument has one owner and cannot be copied
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/pool.hpp>

#include <ramet/connection.hpp>

void talk(ramet::connection end);

void start(ramet::pool& pool, ramet::connection& end) {
  pool.submit(talk, end);
}
