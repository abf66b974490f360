// expect: ramet: a pointer cannot travel to another process
#include <ramet/pool.hpp>

#include <vector>

void start(ramet::pool& pool) {
  pool.share(std::vector<int*>{});
}
