// expect: ramet: an argument of an initializer must be copyable
#include <ramet/pool.hpp>

#include <ramet/connection.hpp>

#include <utility>

void talk(ramet::connection end);

void start(ramet::connection end) {
  ramet::pool pool{{.initializer = {talk, std::move(end)}}};
}
