// expect: ramet: an argument has one owner and cannot be copied
#include <ramet/pool.hpp>

#include <ramet/connection.hpp>

void talk(ramet::connection end);

void start(ramet::pool& pool, ramet::connection& end) {
  pool.submit(talk, end);
}
