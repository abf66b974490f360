// expect: ramet: a pointer cannot travel to another process
#include <ramet/pool.hpp>

int* find(int x);

void start(ramet::pool& pool) {
  pool.submit(find, 1);
}
