// expect: ramet: the function takes a reference: a process has memory of its own
#include <ramet/pool.hpp>

#include <vector>

void fill(std::vector<int>& xs);

void start(ramet::pool& pool) {
  std::vector<int> xs;
  pool.submit(fill, xs);
}
